"""The HTTP routes of lineage and what they answer with."""
