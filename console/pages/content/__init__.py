"""Content: the best of a week or month, what nobody judged yet, and why one is as good as it is said to be."""
