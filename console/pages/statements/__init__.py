"""What a member was given, used and was paid, to read and to print."""
