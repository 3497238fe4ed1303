"""An erasure: what was deleted, and what remains until when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from services.ingest.members.domain import ToldIdentity


class Left(StrEnum):
    """What is to become of points that the member has not used."""

    #: There are none, says who asks; what there is all the same stays booked, and nobody uses it.
    NOTHING = "nothing"
    #: They are given up.
    FORFEITED = "forfeited"


@dataclass(frozen=True, slots=True)
class Erasure:
    """Somebody who was erased: when, whether points were given up, and how many rows of what went.

    It `is_done` once nothing of theirs has turned up for a while, and nothing is left.
    """

    community: str
    member_id: str
    erased_at: datetime
    forfeits: bool
    identities: Sequence[ToldIdentity] = ()
    deleted: Mapping[str, int] = field(default_factory=dict)
    is_done: bool = False


class Terms(NamedTuple):
    """How long things are kept, in days."""

    raw_days: float
    lane_days: float
    dead_letter_days: float
    compaction_days: float
    backups_days: float
    rejected_days: float


class Remains(NamedTuple):
    """What is left of somebody, where, and until when; None is as long as there is the installation."""

    where: str
    what: str
    until: datetime | None


class UndecidedError(Exception):
    """Nobody has said what becomes of points that the member has not used."""


def remains(erased_at: datetime, terms: Terms) -> list[Remains]:
    """What remains of somebody who was erased then, what ends first before what ends later."""

    def after(days: float) -> datetime:
        return erased_at + timedelta(days=days)

    ending = [
        Remains(
            "members.v1",
            "The name to show, until the topic is compacted: this long once its partition is written to again",
            after(terms.compaction_days),
        ),
        Remains("lanes of platforms", "What platforms wrote, as it came", after(terms.lane_days)),
        Remains("engagement.raw.v1", "What platforms sent, as it came", after(terms.raw_days)),
        Remains("engagement.backfill.v1", "What was sent of the past, as it came", after(terms.raw_days)),
        Remains(
            "ingest.dlq.v1",
            "Records that could never be processed, as they came, if any were theirs",
            after(terms.dead_letter_days),
        ),
        Remains(
            "ingest, sealed",
            "Deliveries of platforms without a mapping that name them by what is not known, as they came",
            after(terms.rejected_days),
        ),
        Remains(
            "ingest, sealed",
            "Events that were refused before their member was known, as they came",
            after(terms.rejected_days),
        ),
        Remains(
            "backups",
            "What databases held; a database that is restored erases again before it is ready",
            after(terms.backups_days),
        ),
    ]
    staying = [
        Remains("ingest", "Keyed hashes of the identities, by which what comes of them is not taken", None),
        Remains(
            "engagement.events.v1 and what follows from it",
            "Events, points, badges and redemptions under an id that is nobody's; ids that platforms gave things",
            None,
        ),
        Remains("rewards", "Payouts that were prepared or filed, with name and account: the books", None),
        Remains("audit.v1", "That they were erased, and by whom, under the id that is nobody's", None),
        Remains("ingest", "What others wrote, and may have said of them, as long as texts are kept", None),
    ]
    return sorted(ending, key=lambda one: str(one.until)) + staying
