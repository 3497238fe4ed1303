"""How many kudos one may give in a month, to whom, and the events that say that somebody did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from services.ingest.walls.domain import CHANNEL, HOST, KUDOS_TYPE, MESSAGE, SOURCE, Kudos
from shared.contracts.programme import KudosTerms

MESSAGE_MAX_CHARS: Final = 500


class Way(StrEnum):
    """By which way kudos are given."""

    API = "api"
    SLACK = "slack"
    DISCORD = "discord"


class KudosRefusedError(Exception):
    """Nothing was given; which of these it is says why."""


class NoKudosError(KudosRefusedError):
    """The programme in force says nothing of kudos."""


class UnknownValueError(KudosRefusedError):
    """The programme has no such value, or each is for one; `known` are those it has."""

    def __init__(self, known: Sequence[str]) -> None:
        super().__init__(", ".join(known))
        self.known = known


class OwnKudosError(KudosRefusedError):
    """Nobody thanks themselves."""


class NoReceiverError(KudosRefusedError):
    """Whom it is for is no member, was forgotten, or is no person."""


class NoGiverError(KudosRefusedError):
    """Whoever is to give it is no member, was forgotten, or is no person."""


class KudosClosedError(KudosRefusedError):
    """Giving is opened by levels of which the giver has none; `titles` are those."""

    def __init__(self, titles: Sequence[str]) -> None:
        super().__init__(", ".join(titles))
        self.titles = titles


class AllowanceSpentError(KudosRefusedError):
    """What one may give in the month, to all or to one, is given; the message says which and until when."""


class UnsayableError(KudosRefusedError):
    """The message says nothing, or too much."""


class UnknownKudosError(Exception):
    """The community has no such kudos given here, or another gave it."""


@dataclass(frozen=True, slots=True)
class GiveKudos:
    """Who thanks whom, and for what. `kudos_id` names it: given again it is the same."""

    kudos_id: str
    giver_id: str
    receiver_id: str
    value: str | None
    message: str
    way: Way = Way.API
    #: By which credential, where the request does not say it.
    credential: str | None = None


class Counts(NamedTuple):
    """What somebody has given in a month: to all, and to one; and how many that one gave them."""

    given: int
    to_receiver: int
    from_receiver: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """What somebody may give in a month of the community's, the last day of which is `ends_on`."""

    terms: KudosTerms
    given: int
    ends_on: date

    @property
    def left(self) -> int:
        """How many more."""
        return max(0, self.terms.per_month - self.given)


@dataclass(frozen=True, slots=True)
class Given:
    """What was given, and what its giver may give yet; `is_new` unless it was given before."""

    kudos: Kudos
    allowance: Allowance
    is_new: bool = True


def check_value(terms: KudosTerms, value: str | None) -> None:
    """Raise UnknownValueError for a value that the programme has not, or where it has some and none is said."""
    if (value is None and terms.values) or (value is not None and terms.value(value) is None):
        raise UnknownValueError([one.id for one in terms.values])


def check_room(terms: KudosTerms, counts: Counts, *, ends_on: date) -> None:
    """Raise AllowanceSpentError where one more is too many. What was taken back keeps the room that it filled."""
    again = f"again from the day after {ends_on.isoformat()}"
    if counts.given >= terms.per_month:
        raise AllowanceSpentError(f"{terms.per_month} may be given in a month, and are; {again}")
    if terms.pair_per_month is not None and counts.to_receiver >= terms.pair_per_month:
        raise AllowanceSpentError(
            f"{terms.pair_per_month} may be given to one member in a month, and are; {again}"
        )
    is_mutual = counts.from_receiver > 0
    if is_mutual and terms.mutual_per_month is not None and counts.to_receiver >= terms.mutual_per_month:
        raise AllowanceSpentError(
            f"{terms.mutual_per_month} may be given in a month to somebody who thanked one in it, and are; {again}"
        )


def event_of(wanted: GiveKudos, *, at: datetime) -> Mapping[str, Any]:
    """What says that it was given, as a platform would send it."""
    return {
        "specversion": "1.0",
        "id": wanted.kudos_id,
        "source": SOURCE,
        "type": KUDOS_TYPE,
        "time": at,
        "data": {
            "channel": CHANNEL,
            "host": HOST,
            "actor": {"id": wanted.giver_id},
            "object": {"id": wanted.kudos_id, "author": {"id": wanted.receiver_id}},
            MESSAGE: wanted.message,
            **({} if wanted.value is None else {"value": wanted.value}),
        },
    }


def retraction_of(kudos: Kudos, *, giver_id: str, at: datetime) -> Mapping[str, Any]:
    """What says that its giver took it back."""
    return {
        "specversion": "1.0",
        "id": f"{kudos.object_id}/taken-back",
        "source": SOURCE,
        "type": "activity.retracted.v1",
        "time": at,
        "data": {
            "channel": CHANNEL,
            "host": HOST,
            "actor": {"id": giver_id},
            "target": {"source": SOURCE, "id": kudos.object_id},
        },
    }
