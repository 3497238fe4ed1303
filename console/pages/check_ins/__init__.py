"""Where people meet in person: occasions and their codes for organisers, checking in for members."""
