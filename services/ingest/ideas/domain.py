"""Suggestions of members: in which state each is, how it may go on, and who sees it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter

from services.ingest.measuring.domain.texts import KeptText
from shared.contracts.fields import Count, Timestamp, Uuid

SUGGESTED_TYPE: Final = "idea.suggested.v1"
VOTED_TYPE: Final = "idea.voted.v1"
CHANGED_TYPE: Final = "idea.status_changed.v1"
TYPES: Final = frozenset({SUGGESTED_TYPE, VOTED_TYPE, CHANGED_TYPE})
#: The channel and host of suggestions that are made here, and whose events they are.
CHANNEL: Final = "forum"
HOST: Final = "ideas.plaudit"
SOURCE: Final = "urn:plaudit:ideas"
TITLE_MAX_CHARS: Final = 120
TEXT_MAX_CHARS: Final = 2_000
NOTE_MAX_CHARS: Final = 500
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOMENT = TypeAdapter[datetime](Timestamp).validate_python


class IdeaState(StrEnum):
    """What became of a suggestion; one that is `joined` says the same as another, which has its votes."""

    NEW = "new"
    PLANNED = "planned"
    DONE = "done"
    DECLINED = "declined"
    JOINED = "joined"


#: How each state may go on. What was done or declined may be taken up again, what was joined be by itself again.
STEPS: Final[Mapping[IdeaState, frozenset[IdeaState]]] = {
    IdeaState.NEW: frozenset({IdeaState.PLANNED, IdeaState.DONE, IdeaState.DECLINED, IdeaState.JOINED}),
    IdeaState.PLANNED: frozenset({IdeaState.DONE, IdeaState.DECLINED, IdeaState.JOINED}),
    IdeaState.DONE: frozenset({IdeaState.PLANNED}),
    IdeaState.DECLINED: frozenset({IdeaState.PLANNED}),
    IdeaState.JOINED: frozenset({IdeaState.NEW}),
}
STATES: Final = frozenset(IdeaState)
#: In which states members vote.
OPEN: Final = frozenset({IdeaState.NEW, IdeaState.PLANNED})


class Seen(StrEnum):
    """Whether others see it: `waiting` is what a list of words brought before somebody who has not decided yet."""

    SHOWN = "shown"
    WAITING = "waiting"
    HIDDEN = "hidden"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True)
class Idea:
    """A suggestion. `votes_count` are people, each once; of one that is joined they count at the other."""

    community: str
    idea_id: str
    event_uid: str
    author_id: str
    made_at: datetime
    made_on: date
    state: IdeaState = IdeaState.NEW
    joined_to: str | None = None
    moves_count: int = 0
    moved_at: datetime | None = None
    votes_count: int = 0
    is_listed: bool = False
    is_taken_back: bool = False
    is_shown: bool = True
    case_state: str | None = None

    @property
    def seen(self) -> Seen:
        """Whether others see it, and why not."""
        if self.is_taken_back:
            return Seen.TAKEN_BACK
        if self.is_shown:
            return Seen.SHOWN
        return Seen.WAITING if self.case_state in (None, "open", "withdrawn") else Seen.HIDDEN


@dataclass(frozen=True, slots=True)
class ShownIdea:
    """A suggestion with its author as they are now, what was written while that is kept, and whether the member
    who asks voted for it."""

    idea: Idea
    author_id: str
    author_name: str | None
    has_voted: bool
    text: KeptText | None
    words: "Words | None" = None


class Words(NamedTuple):
    """What was written of a suggestion: a line, and more where there is more."""

    title: str
    text: str | None


class Move(NamedTuple):
    """A step of a suggestion. `note` says why in plain words; None where a restored database has forgotten it."""

    number: int
    state: IdeaState
    note: str | None
    joined_to: str | None
    moved_at: datetime


class Vote(NamedTuple):
    """That a member voted for a suggestion, or withdrew that: the how manieth time, and by which event."""

    idea_id: str
    member_id: str
    number: int
    event_uid: str
    is_given: bool
    voted_at: datetime
    voted_on: date


class IdeaPlace(NamedTuple):
    """Where a page of suggestions ended. Those that are newest first have their ids in that order."""

    votes_count: Count
    idea_id: Uuid

    @classmethod
    def of(cls, shown: ShownIdea) -> "IdeaPlace":
        """The place of one."""
        return cls(shown.idea.votes_count, shown.idea.idea_id)


class Sort(StrEnum):
    """What comes first."""

    VOTES = "votes"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class IdeasAsked:
    """Which suggestions: in a state (None: all but what is joined), by these authors (None: by anybody).

    `own_ids` is who asks, who sees their own whatever became of it; with `is_whole` the caller sees all.
    """

    community: str
    state: IdeaState | None = None
    sort: Sort = Sort.VOTES
    author_ids: Sequence[str] | None = None
    own_ids: Sequence[str] = ()
    is_whole: bool = False


def moment_of(event: Mapping[str, Any]) -> datetime:
    """When an event happened, in UTC."""
    return _MOMENT(event["time"]).astimezone(UTC)


def written(title: str, text: str | None) -> str:
    """A suggestion as one text: what is measured, looked through for words, and kept sealed."""
    return title if not text else f"{title}\n\n{text}"


def words_of(text: str) -> Words:
    """What `written` made one text of."""
    title, _, rest = text.partition("\n")
    return Words(title, rest.strip() or None)


def idea_of(object_id: str) -> str | None:
    """The suggestion that an id names, spelt as ids of suggestions are; None where it can name none."""
    return object_id if _UUID.fullmatch(object_id) else None


def number_of(event_id: str) -> int | None:
    """The how manieth vote of its member an event is, by its id; None where that does not say it."""
    number = event_id.rpartition("/")[2]
    return int(number) if number.isascii() and number.isdigit() and len(number) <= 4 else None


def vote_name(idea_id: str, member_id: str, number: int) -> str:
    """The id of a vote's event."""
    return f"{idea_id}/vote/{member_id}/{number}"
