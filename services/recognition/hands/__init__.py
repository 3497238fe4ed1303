"""Hands: what people do to members by hand, always with words: who does it, and to which person."""
