"""Whom a survey asks and when, what is an answer, and what an answer becomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

import uuid_utils

from services.ingest.measuring.domain.texts import KeptText
from shared.calendars import Span, month_of
from shared.contracts.drawing import is_drawn
from shared.contracts.facts.surveys import CHANNEL, HOST, SOURCE
from shared.contracts.fields import Uuid
from shared.contracts.programme import Survey

_IDS: Final = uuid_utils.UUID("9d9b8c1e-2f57-5e0b-8d38-6c2f7d1b0a44")
#: So often an answer may be changed; each time its event is taken back and another sent.
ANSWERS_MAX_COUNT: Final = 10
COMMENT_MAX_CHARS: Final = 2_000
_MONTHS_OF_QUARTER: Final = 3


class SurveyClosedError(Exception):
    """The time in which it could be answered is over."""


class AnsweredError(Exception):
    """It was answered: once where nobody knows whose answer it was, or as often as it may be changed."""


class NotAnAnswerError(Exception):
    """What was said answers another kind of question; `field` is where, the message what would."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


class NotAsked(StrEnum):
    """Why somebody is not asked."""

    NOT_A_PERSON = "not_a_person"
    SUSPENDED = "suspended"
    AUDIENCE = "audience"
    SAMPLE = "sample"
    QUIET = "quiet"


class Person(NamedTuple):
    """What is known of a member whom a survey might ask: of all who are one person together.

    `is_here` says that they are a person, not departed and not erased; `asked_at` is when they were last asked.
    """

    member_id: str
    head_id: str
    is_here: bool
    is_suspended: bool
    audiences: frozenset[str]
    asked_at: datetime | None
    language: str | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """That a member is asked by a survey, as a version of the programme has it.

    Of an anonymous one, once answered, only the day is known.
    """

    community: str
    invitation_id: str
    survey_id: str
    programme_version: int
    member_id: str
    trigger: str
    asked_at: datetime
    closes_at: datetime
    answered_on: date | None = None
    answers_count: int = 0
    score: int | None = None
    choice: str | None = None
    #: The event of an answer by name that has words.
    words_uid: str | None = None


class WordsPlace(NamedTuple):
    """Where a page of answers in words ended."""

    answered_on: date
    invitation_id: Uuid

    @classmethod
    def of(cls, one: "AnswerInWords") -> "WordsPlace":
        """The place of one."""
        return cls(one.answered_on, one.invitation_id)


@dataclass(frozen=True, slots=True)
class AnswerInWords:
    """An answer by name that has words, by whoever the member is now, and the suggestion that was made of it."""

    invitation_id: str
    answered_on: date
    score: int | None
    choice: str | None
    member_id: str
    member_name: str | None
    idea_id: str | None
    text: KeptText
    words: str | None = None


class Said(NamedTuple):
    """What somebody answers; `comment` are words beside."""

    score: int | None = None
    choice: str | None = None
    comment: str | None = None
    language: str | None = None


def why_not(person: Person, survey: Survey, *, community: str, quiet_days: int, now: datetime) -> NotAsked | None:
    """Why a survey does not ask somebody; None where it does."""
    if not person.is_here:
        return NotAsked.NOT_A_PERSON
    if person.is_suspended:
        return NotAsked.SUSPENDED
    if survey.audience is not None and survey.audience not in person.audiences:
        return NotAsked.AUDIENCE
    if not is_drawn("survey", community, survey.id, person.head_id, percent=survey.sample_percent):
        return NotAsked.SAMPLE
    if person.asked_at is not None and now < person.asked_at + timedelta(days=quiet_days):
        return NotAsked.QUIET
    return None


def invite(
    survey: Survey, *, community: str, member_id: str, trigger: str, version: int, now: datetime
) -> Invitation:
    """The invitation of a member for a trigger: the same for the same, whenever it is made."""
    name = f"{community}|{survey.id}|{trigger}|{member_id}"
    return Invitation(
        community,
        str(uuid_utils.uuid5(_IDS, name)),
        survey.id,
        version,
        member_id,
        trigger,
        now,
        now + timedelta(days=survey.open_days),
    )


def period_of(day: date, each: str) -> Span:
    """The month or the quarter that holds a day."""
    month = month_of(day)
    if each == "month":
        return month
    first = month.starts_on.replace(month=(day.month - 1) // _MONTHS_OF_QUARTER * _MONTHS_OF_QUARTER + 1)
    return Span(first, month_of(first + timedelta(days=70)).ends_on)


def check_answer(survey: Survey, said: Said) -> None:
    """Raise NotAnAnswerError where the question is of another kind."""
    if (said.score is None) != (survey.scores is None):
        raise NotAnAnswerError("/score", "it asks for a number" if survey.scores else "it asks for no number")
    if survey.scores is not None and said.score is not None:
        low, high = survey.scores
        if not low <= said.score <= high:
            raise NotAnAnswerError("/score", f"a number from {low} to {high}")
    choices = [choice.id for choice in survey.choices or ()]
    if (said.choice is None) != (survey.choices is None) or (
        said.choice is not None and said.choice not in choices
    ):
        raise NotAnAnswerError("/choice", f"one of {', '.join(choices)}" if choices else "it offers no choice")
    has_words = bool(said.comment and said.comment.strip())
    if survey.kind == "text" and not has_words:
        raise NotAnAnswerError("/comment", "it asks for words")
    if has_words and not (survey.comment or survey.kind == "text"):
        raise NotAnAnswerError("/comment", "it asks for no words beside")


def check_open(invitation: Invitation, survey: Survey, *, now: datetime) -> None:
    """Raise SurveyClosedError after its time, and AnsweredError where it is not to be answered again."""
    if invitation.closes_at <= now:
        raise SurveyClosedError
    if invitation.answers_count >= (1 if survey.anonymous else ANSWERS_MAX_COUNT):
        raise AnsweredError


def event_of(invitation: Invitation, said: Said, *, number: int, at: datetime) -> Mapping[str, Any]:
    """What says that a member answered, as a platform would send it; `number` is the how manieth time."""
    answered = {"score": said.score, "choice": said.choice, "comment": said.comment, "language": said.language}
    if said.comment is None:
        del answered["language"]
    return {
        "specversion": "1.0",
        "id": f"{invitation.invitation_id}/{number}",
        "source": SOURCE,
        "type": "survey.response.v1",
        "time": at,
        "data": {
            "channel": CHANNEL,
            "host": HOST,
            "actor": {"id": invitation.member_id},
            "object": {"id": invitation.survey_id},
            **{name: value for name, value in answered.items() if value is not None},
        },
    }


def retraction_of(invitation: Invitation, *, number: int, at: datetime) -> Mapping[str, Any]:
    """What says that an earlier answer does not count any more."""
    return {
        "specversion": "1.0",
        "id": f"{invitation.invitation_id}/{number}/taken-back",
        "source": SOURCE,
        "type": "activity.retracted.v1",
        "time": at,
        "data": {
            "channel": CHANNEL,
            "host": HOST,
            "actor": {"id": invitation.member_id},
            "target": {"source": SOURCE, "id": f"{invitation.invitation_id}/{number}"},
        },
    }


def in_language(said: Mapping[str, str], language: str | None) -> str:
    """What is said in a language, or in its main part, or in English, or in the first there is."""
    for tag in (language or "", (language or "").partition("-")[0], "en"):
        if tag in said:
            return said[tag]
    return next(iter(said.values()))
