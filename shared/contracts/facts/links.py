"""Facts of links: members who are paid to one bank account."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Uuid
from shared.contracts.story import GRACE


class MemberLinksData(TypedDict):
    """That a member's bank account is that of `members_count` members, and whether it is the payer's.

    `account_id` is an id drawn by lot, the same for all of them: it says nothing of the account. It is left out
    where the account is nobody else's. Of a member the highest `revision` counts.
    """

    member_id: Uuid
    revision: Annotated[int, Field(ge=1, le=2**31 - 1)]
    account_id: NotRequired[Uuid]
    members_count: Annotated[int, Field(ge=1, le=2**31 - 1)]
    is_payer: bool


class MemberLinksChanged(FactEnvelope):
    """Another is paid to a member's bank account from now on, or is not any more."""

    type: Literal["member.links_changed.v1"]
    data: MemberLinksData


MEMBER_LINKS_CHANGED: Final = FactType(
    "member.links_changed.v1",
    envelope=MemberLinksChanged,
    data=MemberLinksData,
    examples=[
        fact_example(
            "member.links_changed.v1",
            "rewards",
            "3b1f0c52-6c1d-5a64-9a0e-3d3f5c1b7a12",
            "2026-01-31T12:30:02Z",
            {
                "member_id": GRACE,
                "revision": 1,
                "account_id": "6f1b1f57-2a5d-4c68-8d1b-5a0d3f0c7b55",
                "members_count": 3,
                "is_payer": False,
            },
        )
    ],
)
