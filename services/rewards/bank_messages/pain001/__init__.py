"""ISO 20022 pain.001: the file that asks a bank to pay."""
