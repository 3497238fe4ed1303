"""Each stage alone, beside its limit."""
