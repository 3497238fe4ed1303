"""The rewards that a member can have for points: the community's own, and those that its programme declares."""
