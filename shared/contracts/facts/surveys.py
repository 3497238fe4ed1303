"""Facts of surveys: who was asked what, and anonymous answers, counted together."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, TypeAdapter
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Count, LocalDay, Slug, Timestamp, Uuid
from shared.contracts.story import GRACE

#: Fewer answers than these are never told, nor shown: of four people one is soon known.
TOGETHER_MIN_COUNT: Final = 5
#: So many answers at most are counted in one fact.
TOGETHER_MAX_COUNT: Final = 1_000
#: The channel and host of answers that are given here, and whose events they are.
CHANNEL: Final = "survey"
HOST: Final = "surveys.plaudit"
SOURCE: Final = "urn:plaudit:surveys"
_INVITATION: Final = "0b8f5b0e-2f6a-5a52-9a3c-6a1c0e1f7d24"

#: A number, or the id of a choice.
SurveyAnswer = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class SurveyAskedData(TypedDict):
    """`trigger` is the event after which they are asked, or the first day of the month or quarter."""

    invitation_id: Uuid
    survey: Slug
    programme_version: Count
    member_id: Uuid
    trigger: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    asked_at: Timestamp
    #: By the community's calendar.
    asked_on: LocalDay
    closes_at: Timestamp


class SurveyAsked(FactEnvelope):
    """A member was asked by a survey; once for each trigger."""

    type: Literal["survey.asked.v1"]
    data: SurveyAskedData


class SurveyCountedData(TypedDict):
    """How often which answer was given: at least five together, of no member and in no order.

    `counted_on` is the day on which they were put together, and not that of any of them. The ids are of the
    answers alone: nothing else has them.
    """

    block_id: Uuid
    survey: Slug
    counted_on: LocalDay
    answers: Annotated[
        dict[SurveyAnswer, Annotated[int, Field(ge=1, le=TOGETHER_MAX_COUNT)]],
        Field(min_length=1, max_length=TOGETHER_MAX_COUNT, json_schema_extra={"additionalProperties": False}),
    ]
    answer_ids: Annotated[list[Uuid], Field(min_length=TOGETHER_MIN_COUNT, max_length=TOGETHER_MAX_COUNT)]


class SurveyCounted(FactEnvelope):
    """Anonymous answers were counted together; each answer is in one such fact."""

    type: Literal["survey.counted.v1"]
    data: SurveyCountedData


SURVEY_ASKED: Final = FactType(
    "survey.asked.v1",
    envelope=SurveyAsked,
    data=SurveyAskedData,
    examples=[
        fact_example(
            "survey.asked.v1",
            "ingest",
            _INVITATION,
            "2026-01-31T12:31:00Z",
            {
                "invitation_id": _INVITATION,
                "survey": "would-recommend",
                "programme_version": 3,
                "member_id": GRACE,
                "trigger": "2026-01-01",
                "asked_at": "2026-01-31T12:31:00Z",
                "asked_on": "2026-01-31",
                "closes_at": "2026-02-14T12:31:00Z",
            },
        )
    ],
)
SURVEY_COUNTED: Final = FactType(
    "survey.counted.v1",
    envelope=SurveyCounted,
    data=SurveyCountedData,
    examples=[
        fact_example(
            "survey.counted.v1",
            "ingest",
            "5a1f8c1e-7d20-4b6e-8f5c-2d9b7a6e4c11",
            "2026-02-01T00:10:00Z",
            {
                "block_id": "5a1f8c1e-7d20-4b6e-8f5c-2d9b7a6e4c11",
                "survey": "was-it-solved",
                "counted_on": "2026-02-01",
                "answers": {"4": 2, "5": 3},
                "answer_ids": [f"5a1f8c1e-7d20-4b6e-8f5c-2d9b7a6e4c2{place}" for place in range(5)],
            },
        )
    ],
)
SurveyFact = Annotated[SurveyAsked | SurveyCounted, Field(discriminator="type")]
SURVEY_FACT: Final = TypeAdapter[SurveyFact](SurveyFact)
