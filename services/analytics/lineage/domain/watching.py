"""How the links of lineage are looked at one after the other: which, and from where on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

#: Topics do not wait for one another: a link may be missing for so long before that is wrong.
ARRIVES_WITHIN: Final = timedelta(hours=1)
#: While the oldest record that waits of a topic with links is older, whatever is missing may be among what waits.
CAUGHT_UP_SECONDS: Final = 600.0


#: The rule of awards for content that others found good, which are of no event.
QUALITY_RULE: Final = "quality"


class Link(StrEnum):
    """What leads to something: the table that has it."""

    AWARDS = "awards"
    GRANTS = "grants"
    PAYOUT_LOTS = "payout_lots"
    REDEMPTION_LOTS = "redemption_lots"


#: What must never be otherwise, as its metric names it.
INVARIANTS: Final[Mapping[Link, str]] = {
    Link.AWARDS: "awards_have_causes",
    Link.GRANTS: "grants_have_causes",
    Link.PAYOUT_LOTS: "payout_lots_have_awards",
    Link.REDEMPTION_LOTS: "redemption_lots_have_awards",
}
_ORDER: Final = list(Link)
#: A row's place in its table: the values of its primary key, as text.
Key = tuple[str, ...]


def missed_since(behind_at: datetime | None, now: datetime) -> datetime | None:
    """What was found missing until then should have arrived, by when records were last seen to wait for long.

    None while nothing can be said.
    """
    if behind_at is not None and now - behind_at < ARRIVES_WITHIN:
        return None
    return now - ARRIVES_WITHIN


@dataclass(frozen=True, slots=True)
class Watch:
    """How far the looking is: in which table, after which row, and how many rounds are over.

    `after` is None at a table's beginning. `behind_at` is when records with links were last seen to wait for long.
    """

    link: Link
    after: Key | None
    rounds: int
    behind_at: datetime | None = None

    def reached(self, end: Key | None) -> "Watch":
        """Where it goes on once it has looked up to `end`; None: to the end of the table."""
        if end is not None:
            return replace(self, after=end)
        place = _ORDER.index(self.link) + 1
        is_over = place == len(_ORDER)
        return replace(
            self, link=_ORDER[0 if is_over else place], after=None, rounds=self.rounds + (1 if is_over else 0)
        )

    def seen(self, oldest_seconds: float, *, at: datetime) -> "Watch":
        """The same once it is known how old the oldest record is that waits."""
        return replace(self, behind_at=at) if oldest_seconds > CAUGHT_UP_SECONDS else self

    def missed_since(self, now: datetime) -> datetime | None:
        """What was found missing until then should have arrived; None while nothing can be said."""
        return missed_since(self.behind_at, now)
