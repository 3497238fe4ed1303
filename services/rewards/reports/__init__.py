"""Reports for the file: what a member had over a year, and a month's end for finance. Nothing of them is kept."""
