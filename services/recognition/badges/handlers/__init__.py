"""Who holds a badge is decided anew where something changed, given and taken back by hand, and told."""
