"""Redemptions: what members took points for, and what is still to be handed out."""
