"""A version of the programme applied to the past: only the differences are posted, as one batch."""
