"""What a programme asks of members: surveys, whom and when they ask, and how seldom anybody is asked."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.activities import ACTIVITY_TYPES
from shared.contracts.fields import Language, Name, Slug
from shared.contracts.programme.audiences import AUDIENCES
from shared.contracts.programme.event_types import TYPES
from shared.contracts.programme.ids import Ids, Reference
from shared.contracts.programme.rules import RuleEventType
from shared.contracts.programme.section import Section
from shared.contracts.programme.worth import Expression

SURVEYS_MAX_COUNT = 20
SURVEY_TYPES_MAX_COUNT = 20
CHOICES_MAX_COUNT = 20
LANGUAGES_MAX_COUNT = 20
QUIET_MAX_DAYS = 366
OPEN_MAX_DAYS = 90
SCALE_MAX = 10

SURVEYS: Final = Ids(("surveys", "ask"), "survey", may_lack=True)
IDS: Final = (SURVEYS,)
REFERENCES: Final = (
    Reference(SURVEYS, "audience", "is for", AUDIENCES),
    Reference(SURVEYS, "on", "asks after", TYPES, beside=tuple(ACTIVITY_TYPES)),
)

SurveyKind = Literal["nps", "csat", "ces", "scale", "choice", "text"]
#: The lowest and the highest answer of each kind that has numbers; a scale says its highest itself.
SCORES: Final[dict[str, tuple[int, int]]] = {
    "nps": (0, 10),
    "csat": (1, 5),
    "ces": (1, 7),
    "scale": (1, SCALE_MAX),
}
#: What is said in several languages.
Said = Annotated[
    dict[Language, Name],
    # Without the last the JSON Schema would take names that the pattern refuses.
    Field(min_length=1, max_length=LANGUAGES_MAX_COUNT, json_schema_extra={"additionalProperties": False}),
]


class SurveyChoice(Section):
    """One of the answers of a survey of the kind `choice`."""

    id: Slug
    title: Said


class Survey(Section):
    """A question to members: after an event of theirs (`on`, and `when`), or in `each` month or quarter.

    `question` has its words by language. Of all members that it is for, `sample_percent` are asked, always the
    same by lot. An invitation is open for `open_days`. The answers of one that is `anonymous` are nobody's, and
    have no words beside.
    """

    id: Slug
    title: Name
    kind: SurveyKind
    question: Said
    choices: Annotated[list[SurveyChoice], Field(min_length=2, max_length=CHOICES_MAX_COUNT)] | None = None
    scale_max: Annotated[int, Field(ge=2, le=SCALE_MAX)] | None = None
    comment: bool = False
    on: Annotated[list[RuleEventType], Field(min_length=1, max_length=SURVEY_TYPES_MAX_COUNT)] | None = None
    when: Expression | None = None
    each: Literal["month", "quarter"] | None = None
    audience: Slug | None = None
    sample_percent: Annotated[int, Field(ge=1, le=100)] = 100
    open_days: Annotated[int, Field(ge=1, le=OPEN_MAX_DAYS)] = 14
    anonymous: bool = False

    @model_validator(mode="after")
    def its_parts_fit(self) -> Self:
        """Refuse what says when it asks twice or never, and answers that its kind has not."""
        if (self.on is None) == (self.each is None):
            raise _wrong("survey_when", "say when it asks: `on` events, or `each` month or quarter")
        if self.when is not None and self.on is None:
            raise _wrong("survey_when", "`when` is a condition on an event: say `on` which")
        if (self.choices is not None) != (self.kind == "choice"):
            raise _wrong("survey_answers", "a `choice` says its `choices`, and nothing else has any")
        if self.scale_max is not None and self.kind != "scale":
            raise _wrong("survey_answers", "`scale_max` is how far a `scale` goes, and nothing else has it")
        ids = [choice.id for choice in self.choices or ()]
        if len(set(ids)) < len(ids):
            raise _wrong("survey_answers", "two `choices` have one id")
        if self.anonymous and (self.comment or self.kind == "text"):
            raise _wrong(
                "survey_anonymous",
                "words tell who wrote them: what is `anonymous` asks for a number or a choice alone",
            )
        return self

    @property
    def scores(self) -> tuple[int, int] | None:
        """The lowest and the highest number that answers it; None where no number does."""
        low_high = SCORES.get(self.kind)
        return low_high if low_high is None or self.scale_max is None else (low_high[0], self.scale_max)


class Surveys(Section):
    """Surveys of the community. Who was asked anything is not asked anything else for `quiet_days`."""

    quiet_days: Annotated[int, Field(ge=0, le=QUIET_MAX_DAYS)] = 30
    ask: Annotated[list[Survey], Field(min_length=1, max_length=SURVEYS_MAX_COUNT)]

    def survey(self, survey_id: str) -> Survey | None:
        """One of them."""
        return next((survey for survey in self.ask if survey.id == survey_id), None)


def _wrong(kind: Literal["survey_when", "survey_answers", "survey_anonymous"], said: str) -> PydanticCustomError:
    return PydanticCustomError(kind, "{said}", {"said": said})
