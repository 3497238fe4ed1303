"""The rewards that a member can have for points."""
