"""Who may suggest and vote, how a suggestion goes on, and the events that say so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import uuid_utils

from services.ingest.ideas.domain import (
    CHANGED_TYPE,
    CHANNEL,
    HOST,
    OPEN,
    SOURCE,
    STEPS,
    SUGGESTED_TYPE,
    VOTED_TYPE,
    Idea,
    IdeaState,
    vote_name,
    written,
)

#: What an answer to a survey is told by.
ANSWERED_TYPE: Final = "survey.response.v1"
#: Somebody votes for one suggestion, and withdraws that, at most so often.
VOTES_MAX_COUNT: Final = 10
#: A suggestion goes on at most so often.
MOVES_MAX_COUNT: Final = 50
#: Suggestions that are joined to one at most.
JOINED_MAX_COUNT: Final = 200
_IDS: Final = uuid_utils.UUID("3d0f3c1e-7a8c-5d34-9f5e-52c1a3b0f6d7")
#: Who changes the state of a suggestion, as its event says it: the people who decide are no members.
_HOUSE: Final = {"id": "plaudit", "name": "Plaudit", "bot": True}


class UnknownIdeaError(Exception):
    """The community has no such suggestion, or none that who asks may see."""


class NoSuggesterError(Exception):
    """Who is to suggest or vote is no member, was forgotten, or is no person."""


class NoAnswerError(Exception):
    """No answer in words of that event is kept."""


class SuspendedSuggesterError(Exception):
    """Who is to suggest or vote is suspended."""


class OwnIdeaError(Exception):
    """Nobody votes for what they suggested."""


class IdeaClosedError(Exception):
    """Nobody votes any more: the message says in which state it is."""

    def __init__(self, state: IdeaState) -> None:
        super().__init__(f"it is {state.value}")


class TooManyIdeasError(Exception):
    """As many as may be on a day, or for one suggestion, are there; the message says of what."""


class NoStepError(Exception):
    """A suggestion does not go on so; the message says from where and how it may."""

    def __init__(self, state: IdeaState) -> None:
        to = ", ".join(sorted(STEPS[state]))
        super().__init__(f"it is {state.value}, and may become {to}")


class NotJoinedError(Exception):
    """One suggestion cannot be joined to another; the message says why."""


@dataclass(frozen=True, slots=True)
class Suggest:
    """Who suggests what. `idea_id` names it: suggested again it is the same.

    `answer_uid` is the event of an answer of theirs to a survey that it is made of, once for each.
    """

    idea_id: str
    author_id: str
    title: str
    text: str | None
    language: str | None = None
    answer_uid: str | None = None


@dataclass(frozen=True, slots=True)
class GoOn:
    """A step that somebody wants: to which state, why, and to which other suggestion one is joined."""

    idea_id: str
    state: IdeaState
    note: str
    joined_to: str | None = None


class Untold(NamedTuple):
    """A step of which not all were told yet: up to which member, in the order of their ids."""

    community: str
    idea_id: str
    number: int
    state: IdeaState
    note: str
    author_id: str
    told_after: str


def check_step(idea: Idea, state: IdeaState) -> None:
    """Raise NoStepError where it does not go on so, and TooManyIdeasError where it went on too often."""
    if state not in STEPS[idea.state]:
        raise NoStepError(idea.state)
    if idea.moves_count >= MOVES_MAX_COUNT:
        raise TooManyIdeasError(f"it went on {MOVES_MAX_COUNT} times")


def check_open(idea: Idea) -> None:
    """Raise IdeaClosedError where nobody votes any more."""
    if idea.state not in OPEN:
        raise IdeaClosedError(idea.state)


def message_id(community: str, idea_id: str, number: int, member_id: str) -> str:
    """What names the message to somebody of a step: asked for again it is the same."""
    return str(uuid_utils.uuid5(_IDS, f"{community}|{idea_id}|{number}|{member_id}"))


def suggested(wanted: Suggest, *, at: datetime) -> Mapping[str, Any]:
    """The event that says that somebody suggested something, as a platform would send it."""
    said = {} if wanted.language is None else {"language": wanted.language}
    said |= {} if wanted.answer_uid is None else {"answer": wanted.answer_uid}
    author = {"id": wanted.author_id}
    data = _data(author, wanted.idea_id, author_id=wanted.author_id)
    return _event(wanted.idea_id, SUGGESTED_TYPE, at, {**data, "text": written(wanted.title, wanted.text), **said})


def voted(idea: Idea, *, voter_id: str, number: int, at: datetime) -> Mapping[str, Any]:
    """The event that says that somebody voted."""
    data = _data({"id": voter_id}, idea.idea_id, author_id=idea.author_id)
    return _event(vote_name(idea.idea_id, voter_id, number), VOTED_TYPE, at, data)


def withdrawn(idea: Idea, *, voter_id: str, number: int, at: datetime) -> Mapping[str, Any]:
    """The event that takes a vote back."""
    name = vote_name(idea.idea_id, voter_id, number)
    data = {
        "channel": CHANNEL,
        "host": HOST,
        "actor": {"id": voter_id},
        "target": {"source": SOURCE, "id": name},
    }
    return _event(f"{name}/withdrawn", "activity.retracted.v1", at, data)


def changed(idea: Idea, wanted: GoOn, *, number: int, at: datetime) -> Mapping[str, Any]:
    """The event that says how a suggestion goes on. The note stays at home: it is told to people."""
    joined = {} if wanted.joined_to is None else {"joined_to": wanted.joined_to}
    data = _data(_HOUSE, idea.idea_id, author_id=idea.author_id)
    return _event(f"{idea.idea_id}/move/{number}", CHANGED_TYPE, at, {**data, "status": wanted.state, **joined})


def _data(actor: Mapping[str, Any], idea_id: str, *, author_id: str) -> dict[str, Any]:
    author = {"id": author_id}
    return {"channel": CHANNEL, "host": HOST, "actor": actor, "object": {"id": idea_id, "author": author}}


def _event(event_id: str, kind: str, at: datetime, data: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"specversion": "1.0", "id": event_id, "source": SOURCE, "type": kind, "time": at, "data": data}
