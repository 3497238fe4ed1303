"""The section `quality`, which scoring reads: whose judgement of content counts, and for how much."""

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fields import Slug
from shared.contracts.programme.audiences import AUDIENCES_MAX_COUNT
from shared.contracts.programme.section import PositivePoints, Section

WEIGHT_MAX_PERCENT = 1_000
AFTER_MAX_DAYS = 3_650
#: A member of this long is trusted, where the programme says nothing of it.
AFTER_DAYS = 365

_Weight = Annotated[int, Field(ge=0, le=WEIGHT_MAX_PERCENT)]
_Days = Annotated[int, Field(ge=0, le=AFTER_MAX_DAYS)]


class TrustedMembers(Section):
    """Whose judgement counts in full from the start; all other trust comes from them.

    The community's staff, members of any of the `audiences`, and whoever has been a member `after_days` (0: no
    time makes anybody trusted).
    """

    staff: bool = True
    audiences: Annotated[list[Slug], Field(min_length=1, max_length=AUDIENCES_MAX_COUNT)] | None = None
    after_days: _Days = AFTER_DAYS

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.staff and self.audiences is None and not self.after_days:
            raise PydanticCustomError(
                "nobody_trusted", "`trusted` names nobody: then no judgement counts; name staff, audiences or days"
            )
        return self


class JudgementWeights(Section):
    """What each kind of judgement weighs, in percent of a vote; 0: it counts nothing."""

    accepted: _Weight = 200
    voted: _Weight = 100
    rated: _Weight = 100
    reacted: _Weight = 50
    reported: _Weight = 100


class Quality(Section):
    """That the quality of content is measured: judgements of it, weighed by the trust in whoever judges.

    With `score`, one of `scores`, each content that is better than nobody knows gives its author up to `points` of
    it, and takes them back as it gets worse.
    """

    trusted: TrustedMembers = TrustedMembers()
    weights: JudgementWeights = JudgementWeights()
    score: Slug | None = None
    points: PositivePoints | None = None

    @model_validator(mode="after")
    def _points_of_a_score(self) -> Self:
        if (self.score is None) != (self.points is None):
            raise PydanticCustomError(
                "points_of_no_score", "`score` says which, and `points` how many a content gives at most: say both"
            )
        return self
