"""What a link gives, for the member who has it."""
