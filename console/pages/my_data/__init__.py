"""What is held of a member: their wishes, their card, all of it as an archive, and being forgotten."""
