"""Whether the books are right, one community after the other and again, so that what is altered is soon seen."""
