"""Draws: tickets that come with grants, a seed that was fixed before, and winners whom everybody can work out."""
