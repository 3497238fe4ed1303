"""What the bank said: noted by one, and where it makes money payable again, confirmed by another."""
