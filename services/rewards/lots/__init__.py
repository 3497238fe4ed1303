"""Which award each point came from: awards are booked as lots, used first in first out, given back, expired."""
