"""Facts of every service: records that it can never process."""

from typing import Final, Literal

from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Text


class DeadLetterData(TypedDict):
    service: str
    topic: str
    partition: int
    offset: int
    key_base64: str
    value_base64: str
    value_truncated: bool
    reason: Text


class RecordDeadLettered(FactEnvelope):
    """A record that can never be processed, with where it came from and why."""

    type: Literal["record.dead_lettered.v1"]
    data: DeadLetterData


RECORD_DEAD_LETTERED: Final = FactType(
    "record.dead_lettered.v1",
    envelope=RecordDeadLettered,
    data=DeadLetterData,
    examples=[
        fact_example(
            "record.dead_lettered.v1",
            "scoring",
            "e80e29b4-6760-581a-b853-4e98e724499b",
            "2026-01-31T12:30:02Z",
            {
                "service": "scoring",
                "topic": "engagement.events.v1",
                "partition": 2,
                "offset": 40113,
                "key_base64": "YWNtZXxhZGE=",
                "value_base64": "eyJub3QiOiAiYW4gZXZlbnQifQ==",
                "value_truncated": False,
                "reason": "specversion: Field required",
            },
        )
    ],
)
