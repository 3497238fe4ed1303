"""Goals: what was declared of each when, what of it is counted, and whether it will be reached."""
