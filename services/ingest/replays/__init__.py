"""What was refused is sent again, as it came or mended, once it can be taken."""
