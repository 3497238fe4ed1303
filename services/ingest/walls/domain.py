"""Kudos as they stand on the wall: who gave which to whom, and whether others see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter

from services.ingest.measuring.domain.texts import KeptText
from shared.contracts.fields import Timestamp, Uuid
from shared.contracts.programme import KudosTerms, WordList

KUDOS_TYPE: Final = "kudos.given.v1"
#: The channel and host of kudos that are given here, and whose events they are.
CHANNEL: Final = "chat"
HOST: Final = "kudos.plaudit"
SOURCE: Final = "urn:plaudit:kudos"
MESSAGE: Final = "message"
_MOMENT = TypeAdapter[datetime](Timestamp).validate_python


class KudosState(StrEnum):
    """Whether others see it: `waiting` is what a list of words brought before somebody who has not decided yet."""

    SHOWN = "shown"
    WAITING = "waiting"
    HIDDEN = "hidden"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True)
class Kudos:
    """Thanks of one member to another; `value` is what for. Of those `is_given_here` its giver may give so many a
    month, and `month` is the first day of the one in which it counts."""

    community: str
    event_uid: str
    giver_id: str
    receiver_id: str
    value: str | None
    given_at: datetime
    month: date
    is_given_here: bool
    channel: str
    host: str
    object_id: str
    is_listed: bool = False
    is_taken_back: bool = False
    is_shown: bool = True
    case_state: str | None = None

    @property
    def state(self) -> KudosState:
        """Whether others see it, and why not."""
        if self.is_taken_back:
            return KudosState.TAKEN_BACK
        if self.is_shown:
            return KudosState.SHOWN
        return KudosState.WAITING if self.case_state in (None, "open", "withdrawn") else KudosState.HIDDEN


@dataclass(frozen=True, slots=True)
class OnWall:
    """One of the wall: with the members as they are now, their names, and what was written while that is kept."""

    kudos: Kudos
    giver_id: str
    giver_name: str | None
    receiver_id: str
    receiver_name: str | None
    text: KeptText | None
    message: str | None = None


class Declared(NamedTuple):
    """What the programme in force says of kudos (None: there are none), and the lists of words.

    `giving` has the levels without which nobody may give any, the title of each by its id; none for everybody.
    """

    terms: KudosTerms | None
    words: list[WordList]
    giving: Mapping[str, str]


class WallPlace(NamedTuple):
    """Where a page of the wall ended: the newest first."""

    given_at: Timestamp
    event_uid: Uuid

    @classmethod
    def of(cls, shown: OnWall) -> "WallPlace":
        """The place of one."""
        return cls(shown.kudos.given_at, shown.kudos.event_uid)


@dataclass(frozen=True, slots=True)
class WallAsked:
    """Which of the wall: `of_ids` gave or got it (None: anybody).

    `own_ids` is who asks, who sees their own whatever became of it; with `is_whole` the caller sees all of it.
    """

    community: str
    of_ids: list[str] | None = None
    own_ids: Sequence[str] = ()
    is_whole: bool = False


def moment_of(event: Mapping[str, Any]) -> datetime:
    """When an event happened, in UTC."""
    return _MOMENT(event["time"]).astimezone(UTC)


def kudos_data(data: Mapping[str, Any]) -> tuple[str | None, str]:
    """The value and the object's id of an event of kudos."""
    return data.get("value"), data["object"]["id"]
