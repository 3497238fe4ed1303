"""HTTP routes of surveys: what somebody is asked, and their answer; by a link without signing in."""

from datetime import UTC, date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, Field

from services.ingest.messages.api.problems import UNUSABLE_LINK
from services.ingest.settings import Settings
from services.ingest.surveys.domain import COMMENT_MAX_CHARS, AnswerInWords, Said, WordsPlace
from services.ingest.surveys.handlers import answering as handlers
from services.ingest.surveys.handlers import reading
from services.ingest.surveys.handlers.answering import Asked
from shared.contracts.fields import Language, Name, Slug
from shared.contracts.programme import SurveyKind
from shared.http import (
    IN_ANSWER,
    Begin,
    Conn,
    Limit,
    MemberId,
    Page,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Shown,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.auth import count_visit
from shared.http.problem_types import INVALID_CURSOR, TOO_MANY_READS, UNKNOWN_IDENTITY, UNKNOWN_MEMBER

SURVEY_CLOSED = ProblemType("survey-closed", 409, "The survey is not open any more")
SURVEY_ANSWERED = ProblemType("survey-answered", 409, "The survey was answered")

router = APIRouter(tags=["surveys"])
OwnSettings = Annotated[Settings, configured(Settings)]
Token = Annotated[str, Path(max_length=1_000, description="What the link of an invitation ends in")]


async def _visited(request: Request) -> None:
    count_visit(request, "visitor:links")


Visited = Annotated[None, Depends(_visited)]


class ChoiceShown(BaseModel):
    """An answer that may be chosen."""

    choice: Slug = Field(examples=["docs"])
    title: dict[Language, Name] = Field(examples=[{"en": "The documentation"}])


class QuestionShown(BaseModel):
    """What somebody is asked, and what they have answered, where that is known."""

    survey: Slug = Field(examples=["would-recommend"])
    kind: SurveyKind
    question: dict[Language, Name] = Field(examples=[{"en": "How likely are you to recommend us?"}])
    lowest: int | None = Field(description="The lowest number that answers it; null where none does", examples=[0])
    highest: int | None = Field(examples=[10])
    choices: list[ChoiceShown]
    asks_for_words: bool = Field(description="Whether words may stand beside, or are the answer")
    anonymous: bool = Field(description="Whether nobody will know whose answer it is; then it is given once")
    asked_at: datetime
    closes_at: datetime
    answered_on: date | None = Field(description="The day of the answer, where there is one")
    score: int | None = Field(description="What was answered; null of what is anonymous", examples=[9])
    choice: Slug | None

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """As the API shows it."""
        return cls(**_shown(asked))


class InvitationShown(QuestionShown):
    """A question that one may answer, and what opens it without signing in."""

    invitation_id: UUID
    token: str = Field(description="What `/v1/survey-invitations/{token}` takes, and the page `/survey/{token}`")


class InvitationsShown(BaseModel):
    """What somebody is asked and may answer now; at most fifty."""

    items: list[InvitationShown]


class AnswerWanted(RequestBody):
    """An answer: a number, a choice or words, as the question asks."""

    score: int | None = Field(None, ge=0, le=10, examples=[9])
    choice: Slug | None = Field(None, examples=[None])
    comment: str | None = Field(
        None,
        max_length=COMMENT_MAX_CHARS,
        pattern=r"^[^\x00]*$",
        description="Words",
        examples=["Answers come fast."],
    )
    language: Language | None = Field(None, description="That of the words", examples=["en"])


def _shown(asked: Asked) -> dict[str, object]:
    one, survey = asked
    low, high = survey.scores or (None, None)
    return {
        "survey": survey.id,
        "kind": survey.kind,
        "question": survey.question,
        "lowest": low,
        "highest": high,
        "choices": [ChoiceShown(choice=choice.id, title=choice.title) for choice in survey.choices or ()],
        "asks_for_words": survey.comment or survey.kind == "text",
        "anonymous": survey.anonymous,
        "asked_at": one.asked_at,
        "closes_at": one.closes_at,
        "answered_on": one.answered_on,
        "score": one.score,
        "choice": one.choice,
    }


class WhoAnswered(BaseModel):
    """Who wrote it."""

    member_id: UUID
    name: str | None = Field(examples=["Ada"])


class WordsShown(BaseModel):
    """What a member wrote in a survey, by name."""

    event_uid: UUID = Field(description="The event of the answer; `answer` of `POST /v1/ideas` takes it")
    answered_on: date
    member: WhoAnswered
    score: int | None = Field(examples=[9])
    choice: Slug | None
    words: str | None = Field(
        description="Null where no key opens them any more", examples=["A dark theme would help at night."]
    )
    idea_id: UUID | None = Field(description="The suggestion that was made of it; null where none was")

    @classmethod
    def of(cls, one: AnswerInWords) -> Self:
        """As the API shows it."""
        return cls(
            event_uid=UUID(one.text.event_uid),
            answered_on=one.answered_on,
            member=WhoAnswered(member_id=UUID(one.member_id), name=one.member_name),
            score=one.score,
            choice=one.choice,
            words=one.words,
            idea_id=None if one.idea_id is None else UUID(one.idea_id),
        )


@router.get(
    "/v1/survey-answers",
    summary="What members wrote in a survey, by name",
    responses=problem_responses(INVALID_CURSOR),
)
async def get_answers(
    principal: Annotated[Principal, requires(Scope.MEMBERS_READ, reads=IN_ANSWER)],
    conn: Conn,
    settings: OwnSettings,
    shown: Shown,
    survey: Annotated[Slug, Query(description="The survey's id in the programme")],
    place: Annotated[WordsPlace | None, after(WordsPlace)],
    limit: Limit = 100,
) -> Page[WordsShown]:
    """The last day first, while the community keeps texts. What is anonymous has no words, and is not here."""
    found = await reading.page_of_words(
        conn, settings, community=principal.community, survey_id=survey, after=place, limit_count=limit
    )
    shown.of(*(one.member_id for one in found))
    return Page.of(found, limit, item=WordsShown.of, place=WordsPlace.of)


@router.get(
    "/v1/members/{member_id}/survey-invitations",
    summary="What somebody is asked",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_MEMBER),
)
async def get_invitations(
    principal: Annotated[Principal, requires(Scope.EVENTS_WRITE, or_own=True, reads="member_id")],
    conn: Conn,
    settings: OwnSettings,
    member_id: MemberId,
) -> InvitationsShown:
    """What they may answer now, what closes first first. Whoever has a token may answer with it."""
    found = await handlers.load_open(
        conn, community=principal.community, member_id=str(member_id), now=datetime.now(UTC)
    )
    return InvitationsShown(
        items=[
            InvitationShown(
                **_shown(one),
                invitation_id=UUID(one.invitation.invitation_id),
                token=handlers.token_of(settings, one.invitation),
            )
            for one in found
        ]
    )


@router.get(
    "/v1/survey-invitations/{token}",
    summary="What a link asks",
    responses=problem_responses(UNUSABLE_LINK, TOO_MANY_READS),
)
async def get_question(visited: Visited, conn: Conn, settings: OwnSettings, token: Token) -> QuestionShown:
    """Looking answers nothing: programs look at links before people do."""
    return QuestionShown.of(await handlers.find_asked(conn, settings, token=token, now=datetime.now(UTC)))


@router.post(
    "/v1/survey-invitations/{token}/answer",
    summary="Answer a survey",
    responses=problem_responses(UNUSABLE_LINK, SURVEY_CLOSED, SURVEY_ANSWERED, TOO_MANY_READS),
)
async def post_answer(visited: Visited, begin: Begin, token: Token, body: AnswerWanted) -> QuestionShown:
    """By whoever has the link. Until it closes another answer takes the place of the one before.

    What is anonymous is answered once: nobody could find again whose answer it is.
    """
    said = Said(body.score, body.choice, (body.comment or "").strip() or None, body.language)
    async with begin() as tx:
        return QuestionShown.of(await handlers.answer(tx, token=token, said=said))
