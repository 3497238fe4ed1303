"""Facts of ingest: what another model measured of a text than when it came in."""

from typing import Final, Literal, NotRequired

from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Uuid
from shared.contracts.measures import Measures
from shared.contracts.story import ACCEPTANCE, GRACE


class SentimentData(TypedDict):
    """`member_id` is who wrote it, where that is known."""

    event_uid: Uuid
    event_type: str
    member_id: NotRequired[Uuid]
    measures: Measures


class SentimentMeasured(FactEnvelope):
    """A text was measured again by another model; of several that name one event, the last holds."""

    type: Literal["sentiment.measured.v1"]
    data: SentimentData


SENTIMENT_MEASURED: Final = FactType(
    "sentiment.measured.v1",
    envelope=SentimentMeasured,
    data=SentimentData,
    examples=[
        fact_example(
            "sentiment.measured.v1",
            "ingest",
            f"{ACCEPTANCE}/lexicons-2",
            "2026-02-03T09:00:00Z",
            {
                "event_uid": ACCEPTANCE,
                "event_type": "forum.reply.v1",
                "member_id": GRACE,
                "measures": {
                    "length_chars": 83,
                    "links_count": 1,
                    "language": "en",
                    "tone": "positive",
                    "sentiment": 0.2732,
                    "model": "lexicons-2",
                },
            },
        )
    ],
)
