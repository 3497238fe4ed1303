"""The catalogue over HTTP: what is on offer for whom, and the community's own rewards."""
