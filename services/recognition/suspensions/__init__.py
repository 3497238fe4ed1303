"""Who is suspended when, and which of their events count for nothing by that."""
