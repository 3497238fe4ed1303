"""People: who may act in the community."""
