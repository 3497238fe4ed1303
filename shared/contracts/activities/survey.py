"""Answers to surveys."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field

from shared.contracts.activities.common import ActivityData, ActivityType, Envelope, activity_example
from shared.contracts.activities.sent import SentText
from shared.contracts.fields import Language, Slug


class SurveyData(ActivityData):
    score: NotRequired[Annotated[int, Field(ge=0, le=10)]]
    choice: NotRequired[Slug]
    comment: NotRequired[SentText]
    language: NotRequired[Language]


class SurveyResponse(Envelope):
    """A member answered a survey; `score` is 0 to 10 where it asks as the Net Promoter Score does.

    `object` is the survey, and `choice` the answer that was chosen where it offers some.
    """

    type: Literal["survey.response.v1"]
    data: SurveyData


SURVEY_RESPONSE: Final = ActivityType(
    "survey.response.v1",
    envelope=SurveyResponse,
    examples=[
        activity_example(
            "survey.response.v1",
            "https://survey.example.org/nps-2026-q1",
            "response-118",
            "2026-01-31T19:00:00Z",
            "survey",
            {"id": "ada@example.org"},
            score=9,
            comment="Answers come within minutes.",
        )
    ],
)

TYPES: Final = (SURVEY_RESPONSE,)
