"""Conditions of programmes: read, written anew, and evaluated, the same in every service that asks them."""
