"""Facts of webhooks: where a community has its facts delivered, and an endpoint that takes none of them."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Count, Signature, Slug, Timestamp, Uuid

SEALED_MAX_CHARS = 16_384
TYPES_MAX_COUNT = 64


class SealedData(TypedDict):
    """What only the services open: an endpoint's address and its secrets. `content` is base64."""

    key_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    content: Annotated[str, StringConstraints(max_length=SEALED_MAX_CHARS, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]


class WebhookEndpointData(TypedDict):
    """An endpoint as it is from now on; of one the highest `revision` counts.

    `types` are those of the facts that it gets. One that is `removed` gets none and never comes back.
    """

    endpoint_id: Uuid
    name: Slug
    revision: Annotated[int, Field(ge=1, le=2**31 - 1)]
    types: Annotated[list[str], Field(max_length=TYPES_MAX_COUNT)]
    enabled: bool
    removed: bool
    sealed: NotRequired[SealedData]


class WebhookEndpointChanged(FactEnvelope):
    """A community has its facts delivered to an endpoint from now on, or not any more."""

    type: Literal["webhook_endpoint.changed.v1"]
    data: WebhookEndpointData
    signature: NotRequired[Signature]


#: It answered that it is gone for good; it took nothing for as long as is waited; more waits for it than may.
WebhookTrouble = Literal["gone", "failing", "too_many_waiting"]


class WebhookTroubleData(TypedDict):
    """What is wrong with an endpoint as its `revision` has it, and since when; `waiting` facts were not taken."""

    endpoint_id: Uuid
    revision: Annotated[int, Field(ge=1, le=2**31 - 1)]
    trouble: WebhookTrouble
    since: Timestamp
    waiting: Count


class WebhookEndpointFailed(FactEnvelope):
    """A service delivers nothing to an endpoint any more, until somebody enables it again."""

    type: Literal["webhook_endpoint.failed.v1"]
    data: WebhookTroubleData


_ENDPOINT: Final = "0b7f2f0e-6a0c-4f6e-9a55-3b1f1f5d2a10"

WEBHOOK_ENDPOINT_CHANGED: Final = FactType(
    "webhook_endpoint.changed.v1",
    envelope=WebhookEndpointChanged,
    data=WebhookEndpointData,
    examples=[
        fact_example(
            "webhook_endpoint.changed.v1",
            "ingest",
            f"webhook/{_ENDPOINT}/1",
            "2026-01-31T09:00:00Z",
            {
                "endpoint_id": _ENDPOINT,
                "name": "warehouse",
                "revision": 1,
                "types": ["points.awarded.v1", "recognition.granted.v1"],
                "enabled": True,
                "removed": False,
                "sealed": {"key_id": "9f2c4b7a1d3e5f60", "content": "c2VhbGVkLWZvci10aGUtc2VydmljZXM="},
            },
        )
    ],
)
WEBHOOK_ENDPOINT_FAILED: Final = FactType(
    "webhook_endpoint.failed.v1",
    envelope=WebhookEndpointFailed,
    data=WebhookTroubleData,
    examples=[
        fact_example(
            "webhook_endpoint.failed.v1",
            "scoring",
            f"webhook/{_ENDPOINT}/1/scoring/failing",
            "2026-02-01T09:00:05Z",
            {
                "endpoint_id": _ENDPOINT,
                "revision": 1,
                "trouble": "failing",
                "since": "2026-01-31T09:00:04Z",
                "waiting": 412,
            },
        )
    ],
)
