"""Facts of ingest: people with their roles, and the keys that verify tokens."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Discriminator, Field, StringConstraints, TypeAdapter
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Count, Name, Signature, Slug, Timestamp, Uuid
from shared.contracts.story import GRACE

#: A role as facts name it: a reader of today takes a role of tomorrow, and gives it nothing.
RoleName = Annotated[Slug, Field(examples=["finance_maker"])]
#: So many members of a community one person may be.
TIES_MAX_COUNT: Final = 20
#: An Ed25519 public key: 32 bytes in base64url.
PublicKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]


class PersonData(TypedDict):
    person_id: Uuid
    name: Name
    kind: Literal["person", "service"]
    disabled: bool
    revision: Count
    roles: list[RoleName]
    unbound_count: NotRequired[Count]
    members: NotRequired[Annotated[list[Uuid], Field(max_length=TIES_MAX_COUNT)]]


class PersonChanged(FactEnvelope):
    """A person as one community sees them: of several facts the highest revision counts.

    A token that says a lower `unbound_count` (left out: 0) than the highest told of the person lets nobody in.
    `members` are those of the community who they are (left out: none is known), about whom they decide nothing.
    """

    type: Literal["person.changed.v1"]
    data: PersonData
    signature: NotRequired[Signature]


class TokenKeyData(TypedDict):
    kid: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    public_key: PublicKey
    not_after: Timestamp
    revoked: bool


class TokenKeyChanged(FactEnvelope):
    """A key that verifies tokens until `not_after`, unless it is revoked before."""

    type: Literal["token_key.changed.v1"]
    data: TokenKeyData
    signature: NotRequired[Signature]


PERSON_CHANGED: Final = FactType(
    "person.changed.v1",
    envelope=PersonChanged,
    data=PersonData,
    examples=[
        fact_example(
            "person.changed.v1",
            "ingest",
            "acme/7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11/1",
            "2026-01-29T08:00:00Z",
            {
                "person_id": "7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11",
                "name": "Grace Hopper",
                "kind": "person",
                "disabled": False,
                "revision": 1,
                "roles": ["finance_maker", "moderator"],
                "members": [GRACE],
            },
        )
    ],
)

TOKEN_KEY_CHANGED: Final = FactType(
    "token_key.changed.v1",
    envelope=TokenKeyChanged,
    data=TokenKeyData,
    examples=[
        fact_example(
            "token_key.changed.v1",
            "ingest",
            "token-key/3f1c5a7e9b2d4f60/announced",
            "2026-01-29T08:00:00Z",
            {
                "kid": "3f1c5a7e9b2d4f60",
                "public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                "not_after": "2026-02-12T08:00:00Z",
                "revoked": False,
            },
        )
    ],
)

#: What people.v1 carries.
PEOPLE_FACT: TypeAdapter[PersonChanged | TokenKeyChanged] = TypeAdapter(
    Annotated[PersonChanged | TokenKeyChanged, Discriminator("type")]
)
