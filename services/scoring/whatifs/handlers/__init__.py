"""How the event is found in the log, and what has to be known to try it."""
