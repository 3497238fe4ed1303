"""Records that could not be processed: looked at, sent through again, discarded."""
