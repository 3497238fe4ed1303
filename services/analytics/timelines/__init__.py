"""What a member did, or had done to what is theirs, newest first, with what each of it earned them."""
