"""The envelope that every fact of ours comes in, and what a type of fact is."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Literal, NotRequired

from pydantic import TypeAdapter
from typing_extensions import TypedDict, TypeVar

from shared.contracts.fields import Slug, Timestamp


class FactEnvelope(TypedDict):
    """CloudEvents attributes of every fact; `id` is derived from what the fact is about, so it is stable."""

    specversion: Literal["1.0"]
    id: str
    source: str
    time: Timestamp
    community: Slug
    traceparent: NotRequired[str]


Data = TypeVar("Data")
Envelope_co = TypeVar("Envelope_co", bound=FactEnvelope, default=FactEnvelope, covariant=True)


@dataclass(frozen=True, eq=False)  # each is itself alone: its examples could not be hashed
class FactType(Generic[Data, Envelope_co]):
    """A type of fact and its version: `name` is its CloudEvents type, `data` the class of what it says.

    `envelope` is the class of the whole message. Its examples are part of what is published.
    """

    name: str
    envelope: type[Envelope_co]
    data: type[Data]
    examples: Sequence[Any]

    @cached_property
    def adapter(self) -> TypeAdapter[Envelope_co]:
        """Reads and checks messages of the type; made when it is first asked for."""
        return TypeAdapter(self.envelope)


def fact_example(kind: str, service: str, fact_id: str, time: str, data: Any, **extensions: Any) -> Any:
    """A message of the type `kind` as `service` publishes it."""
    return {
        "specversion": "1.0",
        "id": fact_id,
        "source": f"/plaudit/{service}",
        "type": kind,
        "time": time,
        "community": "acme",
        **extensions,
        "data": data,
    }
