"""The only SQL of analytics: facts in, read models out."""
