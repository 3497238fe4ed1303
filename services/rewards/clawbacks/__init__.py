"""Clawbacks: what becomes of points that were used before their award was taken back, by a policy."""
