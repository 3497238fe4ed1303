"""HTTP of the network."""
