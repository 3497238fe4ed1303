"""Who had a hand in what a run pays, and so does not approve it."""
