"""Facts of ingest: access keys issued and revoked."""

from typing import Final, Literal, NotRequired

from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Name, Sha256, Signature, Timestamp, Uuid


class AccessKeyData(TypedDict):
    """`person_id` is whose it is: a key without, as facts of before have it, opens nothing."""

    key_id: str
    person_id: NotRequired[Uuid]
    name: Name
    secret_sha256: Sha256
    scopes: list[str]
    expires_at: NotRequired[Timestamp | None]
    revoked: bool


class AccessKeyChanged(FactEnvelope):
    """An access key was issued, given an end or revoked; the secret itself is never stored or sent."""

    type: Literal["access_key.changed.v1"]
    data: AccessKeyData
    signature: NotRequired[Signature]


ACCESS_KEY_CHANGED: Final = FactType(
    "access_key.changed.v1",
    envelope=AccessKeyChanged,
    data=AccessKeyData,
    examples=[
        fact_example(
            "access_key.changed.v1",
            "ingest",
            "acme/5f0c9a7b2d1e/issued",
            "2026-01-29T08:00:00Z",
            {
                "key_id": "5f0c9a7b2d1e",
                "person_id": "7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11",
                "name": "forum plugin",
                "secret_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "scopes": ["events:write", "receipts:read"],
                "expires_at": "2027-01-29T08:00:00Z",
                "revoked": False,
            },
        )
    ],
)
