"""Faults: real processes, kill -9, real sockets, the real stack, under load."""
