"""Minutes of awards: until when they are counted, and what they come to."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

MINUTE = timedelta(minutes=1)
#: What was told is counted when it has been for so long: it has been consumed, if nothing is behind.
SETTLES = timedelta(seconds=20)
#: The moments until which is counted. A service is scraped some seconds after another: both are of the same moment
#: more often than not.
STEP = timedelta(seconds=30)
#: What is counted once more with what is new, for transactions that begin then and commit long after it.
COMMITS_WITHIN = MINUTE
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
#: Sums of hashes are shown as remainders, which a double-precision number holds to the last digit.
DIGEST_MODULUS = 2**50


class Minute(NamedTuple):
    """What was told in the minute that begins then: facts, their points, and the sum of the hashes of their ids.

    `kind` is spendable, scores (of scores that cannot be spent), or all where a service does not tell them apart.
    """

    starts_at: datetime
    kind: str
    facts: int
    points: int
    digest: int


class Sums(NamedTuple):
    """What all minutes of a kind come to."""

    facts: int
    points: int
    digest: int


NOTHING = Sums(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Round:
    """How far the counting is: of what was told until `counted_until`, and in this round until `recounted_until`.

    `took_seconds` is how long the last whole round took, None before the first is over.
    """

    counted_until: datetime
    recounted_until: datetime
    began_at: datetime
    took_seconds: float | None


def moment(now: datetime) -> datetime:
    """The moment until which every service counts: the same for all whose clocks do not differ by much."""
    settled = now - SETTLES
    return settled - (settled - BEGINNING) % STEP


def minute_of(at: datetime) -> datetime:
    """When the minute of a time begins."""
    return at - (at - BEGINNING) % MINUTE


def changes(before: Set[Minute], after: Set[Minute]) -> dict[str, Sums]:
    """By how much the sums of each kind change when minutes are counted anew."""
    sums: dict[str, Sums] = {}
    for sign, minutes in ((1, after - before), (-1, before - after)):
        for minute in minutes:
            so_far = sums.get(minute.kind, NOTHING)
            one = (minute.facts, minute.points, minute.digest)
            sums[minute.kind] = Sums(*(have + sign * part for have, part in zip(so_far, one, strict=True)))
    return sums


def compared(sums: Mapping[str, Sums], *, of: Sequence[str]) -> dict[str, Sums]:
    """What a service shows: of what can be spent, of all, or of both: whichever it knows."""
    shown = {"spendable": sums.get("spendable", NOTHING), "all": _added(sums.values())}
    return {kind: shown[kind]._replace(digest=shown[kind].digest % DIGEST_MODULUS) for kind in of}


def _added(sums: Iterable[Sums]) -> Sums:
    facts, points, digests = zip(*(NOTHING, *sums), strict=True)
    return Sums(sum(facts), sum(points), sum(digests))
