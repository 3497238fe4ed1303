"""What was said of members and since when, as figures are sliced by it."""
