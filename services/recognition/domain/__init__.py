"""Which badges and levels a member holds, and where a member stands: pure functions and data."""
