"""Identities linked to whoever proves that they are theirs."""
