"""The SQL of events: what became of each that was received, and by which trace it came."""
