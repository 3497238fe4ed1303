"""Does everything flow? If not: where, since when, and what to do."""
