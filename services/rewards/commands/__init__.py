"""Commands that may be sent again: the answer given to each key is kept."""
