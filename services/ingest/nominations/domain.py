"""Rounds in which members are nominated and voted for: what is open when, who may, and what it comes to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

import uuid_utils

from services.ingest.measuring.domain.texts import KeptText
from shared.contracts.fields import Uuid

MADE_TYPE: Final = "nomination.made.v1"
CHANNEL: Final = "forum"
HOST: Final = "nominations.plaudit"
SOURCE: Final = "urn:plaudit:nominations"
TITLE_MAX_CHARS: Final = 120
ABOUT_MAX_CHARS: Final = 2_000
CITATION_MAX_CHARS: Final = 500
#: A round lasts so long at most.
DAYS_MAX_COUNT: Final = 366
WINNERS_MAX_COUNT: Final = 100
#: Somebody changes their vote in a round at most so often.
VOTES_MAX_COUNT: Final = 10
_IDS: Final = uuid_utils.UUID("7e4b8c12-5d3a-5f6e-8a9b-0c1d2e3f4a5b")
_HOUSE: Final = {"id": "plaudit", "name": "Plaudit", "bot": True}


class RoundState(StrEnum):
    """Where a round is, by the time; a cancelled one comes to nothing."""

    PLANNED = "planned"
    NOMINATING = "nominating"
    VOTING = "voting"
    COUNTING = "counting"
    DECIDED = "decided"
    CANCELLED = "cancelled"


class Said(StrEnum):
    """What a nominee says of standing."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class UnknownRoundError(Exception):
    """The community has no such round."""


class UnknownNominationError(Exception):
    """There is no such nomination, or none that who asks may answer."""


class NotADateError(Exception):
    """The days of a round do not fit together; the message says how."""


class NotOpenError(Exception):
    """The round is not in the state in which that is done; the message says in which it is."""

    def __init__(self, state: RoundState) -> None:
        super().__init__(f"the round is {state.value}")


class NotOfAudienceError(Exception):
    """Who nominates or votes is not in the audience that may; the message names it."""


class NotStandingError(Exception):
    """Who is meant may not do so, or not stand: they are no person, suspended, or said no."""


class OwnNominationError(Exception):
    """Nobody nominates or votes for themselves."""


class NominatedError(Exception):
    """The member is nominated in the round already."""


class TooManyNominationsError(Exception):
    """As many as may be are there; the message says of what."""


@dataclass(frozen=True, slots=True)
class DeclareRound:
    """A round as somebody declares it; its days are the community's, and the last is part of it."""

    round_id: str
    title: str
    about: str | None
    starts_on: date
    votes_from: date
    ends_on: date
    nominators: str | None
    voters: str | None
    winners: int
    is_live: bool
    needs_yes: bool


@dataclass(frozen=True, slots=True)
class Round:
    """A round: nominations from `starts_at` to `votes_from`, votes from there to `ends_at`."""

    community: str
    round_id: str
    title: str
    about: str | None
    starts_at: datetime
    votes_from: datetime
    ends_at: datetime
    nominators: str | None
    voters: str | None
    winners: int
    is_live: bool
    needs_yes: bool
    made_at: datetime
    decided_at: datetime | None = None
    cancelled_at: datetime | None = None

    def state_at(self, now: datetime) -> RoundState:
        """Where it is."""
        if self.cancelled_at is not None:
            return RoundState.CANCELLED
        if self.decided_at is not None:
            return RoundState.DECIDED
        if now < self.starts_at:
            return RoundState.PLANNED
        if now < self.votes_from:
            return RoundState.NOMINATING
        return RoundState.VOTING if now < self.ends_at else RoundState.COUNTING


@dataclass(frozen=True, slots=True)
class Nomination:
    """That somebody is put forward. Its result is there once the round is decided."""

    community: str
    nomination_id: str
    round_id: str
    nominee_id: str
    nominator_id: str
    event_uid: str
    made_at: datetime
    said: Said = Said.OPEN
    votes_count: int | None = None
    place: int | None = None
    has_won: bool | None = None
    is_listed: bool = False
    is_shown: bool = True


@dataclass(frozen=True, slots=True)
class ShownNomination:
    """A nomination with who it is of and by as they are now, their names, and why, while that is kept."""

    nomination: Nomination
    nominee_id: str
    nominee_name: str | None
    nominator_id: str
    nominator_name: str | None
    is_eligible: bool
    #: Whether the nominee wants no part in what everybody sees, and whether the nominator may be seen there.
    is_off_boards: bool
    is_nominator_shown: bool
    text: KeptText | None
    citation: str | None = None


class Winner(NamedTuple):
    """Who won a round, as they are now."""

    round_id: str
    place: int
    votes_count: int
    name: str | None


class RoundPlace(NamedTuple):
    """Where a page of rounds ended: the newest first, as their ids are."""

    round_id: Uuid


class Result(NamedTuple):
    """What a nomination came to."""

    nomination_id: str
    votes_count: int
    place: int | None
    has_won: bool


def check_days(wanted: DeclareRound, *, today: date) -> None:
    """Raise NotADateError where the days of a round are not one after another, over, or too many."""
    if not wanted.starts_on < wanted.votes_from <= wanted.ends_on:
        raise NotADateError("it starts, then votes are given, then it ends: on days in this order")
    if wanted.ends_on < today:
        raise NotADateError("it would be over")
    if (wanted.ends_on - wanted.starts_on).days > DAYS_MAX_COUNT:
        raise NotADateError(f"it lasts {DAYS_MAX_COUNT} days at most")


def check_state(found: Round, state: RoundState, *, now: datetime) -> None:
    """Raise NotOpenError where a round is in another state."""
    if (there := found.state_at(now)) is not state:
        raise NotOpenError(there)


def stands(nomination: Nomination, *, needs_yes: bool) -> bool:
    """Whether a nomination can be voted for, by what its nominee says and others may see."""
    if not nomination.is_shown or nomination.said is Said.DECLINED:
        return False
    return nomination.said is Said.ACCEPTED or not needs_yes


def seen_by_everybody(one: ShownNomination, *, found: Round) -> ShownNomination | None:
    """A nomination as whoever is not signed in sees it; None where they see nothing of it.

    Nobody is there who wants no part in what others see, does not stand, or is hidden or suspended. Words are
    there unless who wrote them wants no part in it.
    """
    is_there = one.is_eligible and not one.is_off_boards and stands(one.nomination, needs_yes=found.needs_yes)
    if not is_there:
        return None
    return one if one.is_nominator_shown else replace(one, citation=None)


def results(counts: Mapping[str, int], *, standing: Sequence[str], winners: int) -> list[Result]:
    """What a round comes to: places by votes, those with as many at one place, and nobody wins without a vote.

    Where several share the last place that wins, all of them win. What does not stand has no place.
    """
    votes = sorted((counts.get(one, 0) for one in standing), reverse=True)
    found = []
    for one in standing:
        count = counts.get(one, 0)
        place = 1 + sum(other > count for other in votes)
        found.append(Result(one, count, place, has_won=count > 0 and place <= winners))
    return found


def vote_name(nomination_id: str, member_id: str, number: int) -> str:
    """The id of a vote's event."""
    return f"{nomination_id}/vote/{member_id}/{number}"


def message_id(nomination_id: str, what: str, member_id: str) -> str:
    """What names a message about a nomination: asked for again it is the same."""
    return str(uuid_utils.uuid5(_IDS, f"{nomination_id}|{what}|{member_id}"))


def made(nomination: Nomination, *, citation: str, language: str | None) -> Mapping[str, Any]:
    """The event that says that somebody is nominated."""
    said = {} if language is None else {"language": language}
    data = _data({"id": nomination.nominator_id}, nomination)
    return _event(nomination.nomination_id, MADE_TYPE, nomination.made_at, {**data, "text": citation, **said})


def voted(nomination: Nomination, *, voter_id: str, number: int, at: datetime) -> Mapping[str, Any]:
    """The event that says that somebody voted."""
    name = vote_name(nomination.nomination_id, voter_id, number)
    return _event(name, "nomination.voted.v1", at, _data({"id": voter_id}, nomination))


def withdrawn(nomination_id: str, *, voter_id: str, number: int, at: datetime) -> Mapping[str, Any]:
    """The event that takes an earlier vote back."""
    name = vote_name(nomination_id, voter_id, number)
    target = {"source": SOURCE, "id": name}
    data = {"channel": CHANNEL, "host": HOST, "actor": {"id": voter_id}, "target": target}
    return _event(f"{name}/withdrawn", "activity.retracted.v1", at, data)


def won(nomination: Nomination, result: Result, *, at: datetime) -> Mapping[str, Any]:
    """The event that says that a nomination was chosen."""
    told = {"votes": result.votes_count, "place": result.place}
    return _event(
        f"{nomination.nomination_id}/won", "nomination.won.v1", at, {**_data(_HOUSE, nomination), **told}
    )


def _data(actor: Mapping[str, Any], nomination: Nomination) -> dict[str, Any]:
    return {
        "channel": CHANNEL,
        "host": HOST,
        "actor": actor,
        "object": {"id": nomination.nomination_id, "author": {"id": nomination.nominee_id}},
        "round": nomination.round_id,
    }


def _event(event_id: str, kind: str, at: datetime, data: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"specversion": "1.0", "id": event_id, "source": SOURCE, "type": kind, "time": at, "data": data}
