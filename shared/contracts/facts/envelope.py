"""The envelope that every fact of ours comes in."""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from shared.contracts.fields import Slug, Timestamp


class FactEnvelope(TypedDict):
    """CloudEvents attributes of every fact; `id` is derived from what the fact is about, so it is stable."""

    specversion: Literal["1.0"]
    id: str
    source: str
    time: Timestamp
    community: Slug
    traceparent: NotRequired[str]


def fact_example(kind: str, service: str, fact_id: str, time: str, data: Any, **extensions: Any) -> Any:
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
