"""Facts of decisions: what people noted and decided on figures, and what they aim at."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Count, LocalDay, Slug, Timestamp, Uuid
from shared.contracts.figures import UNIT_MAX, FigureName, IndicatorName

_DECISION: Final = "0195f3f4-9b21-7c13-8d5e-6f7a8b9c0d1e"
_PERSON: Final = "0195f3f4-7a00-7b11-8c22-1d2e3f4a5b6c"

DecisionKind = Literal["note", "decision"]
#: `kept`, `changed` and `dropped` are what a review came to; what is `withdrawn` counts no more.
DecisionState = Literal["stands", "kept", "changed", "dropped", "withdrawn"]
#: In the figure's unit: a share of 1, a number, or seconds.
FigureValue = Annotated[float, Field(ge=0, le=max(UNIT_MAX.values()), allow_inf_nan=False)]


class DecisionData(TypedDict):
    """A note or decision as it stands with this revision: the figure that it answers, and its value as seen.

    `about` is the goal, where the figure is of one. `seen_on` is the day on which it was seen, and `review_on` the
    day on which it is to be looked at again, by the community's calendar. What was written is not told.
    """

    decision_id: Uuid
    revision: Count
    kind: DecisionKind
    figure: FigureName
    about: NotRequired[Slug]
    value: NotRequired[FigureValue]
    seen_on: LocalDay
    review_on: NotRequired[LocalDay]
    state: DecisionState
    person_id: NotRequired[Uuid]
    made_at: Timestamp
    changed_at: Timestamp


class DecisionChanged(FactEnvelope):
    """Somebody noted or decided something on a figure, reviewed it, or withdrew it; the last revision holds."""

    type: Literal["decision.changed.v1"]
    data: DecisionData


class ObjectiveData(TypedDict):
    """From `starts_on` on an indicator aims at this. Of several that hold on a day the last revision does."""

    indicator: IndicatorName
    revision: Count
    objective: FigureValue
    starts_on: LocalDay
    person_id: NotRequired[Uuid]
    set_at: Timestamp


class ObjectiveSet(FactEnvelope):
    """Somebody set what an indicator of the scorecard aims at, from a day on."""

    type: Literal["objective.set.v1"]
    data: ObjectiveData


DECISION_CHANGED: Final = FactType(
    "decision.changed.v1",
    envelope=DecisionChanged,
    data=DecisionData,
    examples=[
        fact_example(
            "decision.changed.v1",
            "ingest",
            f"{_DECISION}/1",
            "2026-01-31T12:31:00Z",
            {
                "decision_id": _DECISION,
                "revision": 1,
                "kind": "decision",
                "figure": "answered_in_time",
                "value": 0.62,
                "seen_on": "2026-01-31",
                "review_on": "2026-02-28",
                "state": "stands",
                "person_id": _PERSON,
                "made_at": "2026-01-31T12:31:00Z",
                "changed_at": "2026-01-31T12:31:00Z",
            },
        )
    ],
)
OBJECTIVE_SET: Final = FactType(
    "objective.set.v1",
    envelope=ObjectiveSet,
    data=ObjectiveData,
    examples=[
        fact_example(
            "objective.set.v1",
            "ingest",
            "answered_in_time/1",
            "2026-01-31T12:40:00Z",
            {
                "indicator": "answered_in_time",
                "revision": 1,
                "objective": 0.7,
                "starts_on": "2026-02-01",
                "person_id": _PERSON,
                "set_at": "2026-01-31T12:40:00Z",
            },
        )
    ],
)
DecisionFact = Annotated[DecisionChanged | ObjectiveSet, Field(discriminator="type")]
DECISION_FACT: Final = TypeAdapter[DecisionFact](DecisionFact)
