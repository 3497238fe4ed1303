"""What is done with programmes: checked apart, published in a transaction, kept ready for scoring."""
