"""Who was in which audience when, as scoring told it."""
