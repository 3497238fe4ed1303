"""Figures of what is reported and decided."""

from typing import NamedTuple


class Figures(NamedTuple):
    """Of cases that were opened in some days: how many, what became of them, and how long that took, in seconds.

    `late` were decided, or are still open, after they were due. Members are repeat offenders with two upheld cases
    or more among these.
    """

    opened: int
    decided: int
    upheld: int
    dismissed: int
    overturned: int
    waiting: int
    late: int
    median_seconds: float | None
    ninth_decile_seconds: float | None
    members: int
    repeat_members: int
    accepted: int
