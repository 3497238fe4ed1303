"""Points that expire soon: a member is written to before, once for each day, and sees them."""
