"""What a grant gives in points: all that it carries, or what the budget and the member's limit leave."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from shared.contracts.programme import PrizePoints


class Cut(StrEnum):
    """What left less than a grant carries."""

    BUDGET = "budget"
    LIMIT = "limit"


class Prize(NamedTuple):
    """The points that came with a grant, of those that it carries (`wanted`); taken back once `is_reversed`.

    The prize of a board is a grant here as well.
    """

    community: str
    grant_id: str
    member_id: str
    rule_id: str
    wanted: int
    points: int
    cut: Cut | None
    event_time: datetime
    day: date
    is_reversed: bool = False


class Carried(NamedTuple):
    """What a badge, level, quest or place on a board brings its member in points, and when; by which version."""

    grant_id: str
    member_id: str
    rule_id: str
    points: int
    event_time: datetime
    day: date
    version: int
    told_at: datetime
    traceparent: str | None
    is_backfill: bool


class Book(NamedTuple):
    """What prizes came to in a community: how many gave points, how many less than they carry, and the sum."""

    points: int = 0
    prizes: int = 0
    cut: int = 0


def terms_of(document: Mapping[str, Any] | None) -> PrizePoints:
    """What a version says of points that come with grants; without a word of it there is no bound."""
    said = ((document or {}).get("recognition") or {}).get("prize_points") or {}
    return PrizePoints.model_validate(said)


def amount(wanted: int, terms: PrizePoints, *, spent: int, had: int) -> tuple[int, Cut | None]:
    """What is given of what is wanted, and why not all: `spent` of the budget, `had` by the member then."""
    of_budget = wanted if terms.budget is None else max(0, terms.budget - spent)
    of_limit = wanted if terms.limit is None else max(0, terms.limit.points - had)
    points = min(wanted, of_budget, of_limit)
    if points == wanted:
        return points, None
    return points, Cut.BUDGET if of_budget <= of_limit else Cut.LIMIT
