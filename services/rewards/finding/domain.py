"""What rewards on offer are looked for by, and in which order they are shown."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, NamedTuple

from services.rewards.catalogue.domain import RewardKind

WORDS_MAX_COUNT: Final = 8
WORD_MAX_CHARS: Final = 40
_WORD: Final = re.compile(r"[^\W_]+")


class FoundOrder(StrEnum):
    """In which order rewards are shown; a minus is from the highest down."""

    CHEAPEST = "points"
    DEAREST = "-points"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for, in their language; None for whatever there is."""

    words: Sequence[str] | None = None
    language: str | None = None
    kind: RewardKind | None = None
    category: str | None = None
    #: All of them, as they are kept.
    tags: Sequence[str] | None = None
    currency: str | None = None
    country: str | None = None
    min_points: int | None = None
    max_points: int | None = None
    reward_ids: Sequence[str] | None = None

    def affordable(self, available_points: int) -> "Wanted":
        """The same, of those alone that so many points are enough for."""
        most = available_points if self.max_points is None else min(self.max_points, available_points)
        return replace(self, max_points=most)


def words_of(text: str) -> list[str]:
    """The words of what somebody typed, the first few of them; each is also found as the beginning of a word."""
    return [word[:WORD_MAX_CHARS] for word in _WORD.findall(text.casefold())[:WORDS_MAX_COUNT]]


class FoundPlace(NamedTuple):
    """Where a page of found rewards ended."""

    points: int
    title: str
    reward_id: str


class FoundReward(NamedTuple):
    """A reward that was found: at the price that it has now, and what is known of a gift card."""

    reward_id: str
    points: int
    #: As it is sorted.
    title: str
    currency: str | None
    face_minor: int | None
    countries: Sequence[str] | None


class Choices(NamedTuple):
    """What there is to choose among: how many rewards are of each kind, category, tag, currency and country."""

    counts: Mapping[str, Mapping[str, int]]
    total: int
    max_points: int
