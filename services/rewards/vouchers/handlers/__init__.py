"""What is done with codes of vouchers."""
