"""Clearances: that a check lets a person be paid all the same, as two people decide."""
