"""Cases as they are written, a programme played over events, and whether what comes out is what was expected."""
