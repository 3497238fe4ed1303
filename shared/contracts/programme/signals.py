"""The section `signals`, which scoring reads: from when on giving looks like points among friends alone."""

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.programme.section import PositivePoints, Section

RING_MAX_COUNT = 30

Percent = Annotated[int, Field(ge=1, le=100)]


class Signals(Section):
    """What of the giving within 30 days is marked, and what is held until a person has looked at it.

    Members who received `more_than_points` are looked at. What reaches `mark_from_percent` is listed; from
    `hold_from_percent` on awards are held: left out nothing is. Ties are strong from `strong_acts` acts on, a ring
    has at most `ring_members`, and `burst_acts` of one giver, or `farm_givers` who give to nobody else, are usual
    on one day. Releasing `second_person_from` points takes two people, where that is said.
    """

    more_than_points: PositivePoints = 100
    mark_from_percent: Percent = 50
    hold_from_percent: Percent | None = None
    strong_acts: Annotated[int, Field(ge=1, le=1000)] = 2
    ring_members: Annotated[int, Field(ge=2, le=RING_MAX_COUNT)] = RING_MAX_COUNT
    burst_acts: Annotated[int, Field(ge=1, le=10_000)] = 20
    farm_givers: Annotated[int, Field(ge=1, le=1000)] = 10
    second_person_from: PositivePoints | None = None

    @model_validator(mode="after")
    def held_is_marked(self) -> Self:
        """Refuse to hold what is not even marked."""
        if self.hold_from_percent is not None and self.hold_from_percent < self.mark_from_percent:
            raise PydanticCustomError(
                "hold_below_mark",
                "`hold_from_percent` is below `mark_from_percent`: what is held has to be in the list, too",
            )
        return self
