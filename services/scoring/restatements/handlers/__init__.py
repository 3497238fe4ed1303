"""What restatements do: worked out by a process of their own, posted piece by piece."""
