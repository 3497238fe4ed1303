"""Where a member stands, and who is beside them."""
