"""HTTP routes of forgetting a member, and of what remains of them."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.ingest.communities import store as communities_store
from services.ingest.communities.domain.communities import Retention
from services.ingest.erasure import domain, handlers, store
from services.ingest.members.domain import MemberKey, UnknownMemberError
from services.ingest.members.store import members as members_store
from services.ingest.settings import Settings
from shared.contracts.fields import ChannelName
from shared.http import (
    Conn,
    MemberId,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_IDENTITY, UNKNOWN_MEMBER
from shared.postgres import Connection
from shared.topics import DAY_MS, MEMBERS, RAW, dead_letter_topic, lane_topic

UNDECIDED_POINTS = ProblemType("undecided-points", 409, "Nobody has said what becomes of the member's points")
OwnSettings = Annotated[Settings, configured(Settings)]

router = APIRouter()


class EraseAsked(RequestBody):
    """What is to become of what the member has not used."""

    points: domain.Left | None = Field(
        None,
        description="forfeited: points that were not used are given up. nothing: there are none, as `GET "
        "/v1/members/{member_id}/open` of rewards says; what there is all the same stays booked. Payouts that are "
        "under way are finished in any case",
        examples=["forfeited"],
    )


class ErasedIdentity(BaseModel):
    """An identity that somebody had, by what stands for it."""

    channel: ChannelName
    hash: str = Field(examples=["fa7ed777cd05d5c0eafad38cb25d5b5f"])


class RemainsShown(BaseModel):
    """What is left of somebody, and until when."""

    where: str = Field(examples=["engagement.raw.v1"])
    what: str = Field(examples=["What platforms sent, as it came"])
    until: datetime | None = Field(description="Null: as long as there is the installation")


class ErasureShown(BaseModel):
    """What an erasure does, or has done: the document that shows it."""

    member_id: str
    erased_at: datetime | None = Field(description="Null: not yet, and this is what it would do")
    forfeits: bool = Field(description="Whether points that were not used were given up")
    identities: list[ErasedIdentity] = Field(
        description="Hashes by which what comes of them is not taken any more"
    )
    deleted: dict[str, int] = Field(
        description="Rows of ingest that went, or would go, by table", examples=[{"identities": 2, "texts": 40}]
    )
    is_done: bool = Field(description="Whether nothing of theirs has turned up for an hour, and nothing is left")
    remains: list[RemainsShown]

    @classmethod
    def of(cls, erasure: domain.Erasure, terms: domain.Terms) -> "ErasureShown":
        """What is shown of an erasure."""
        return cls(
            member_id=erasure.member_id,
            erased_at=erasure.erased_at,
            forfeits=erasure.forfeits,
            identities=[ErasedIdentity(channel=one.channel, hash=one.hash) for one in erasure.identities],
            deleted=dict(erasure.deleted),
            is_done=erasure.is_done,
            remains=_shown(domain.remains(erasure.erased_at, terms)),
        )


def _shown(remains: list[domain.Remains]) -> list[RemainsShown]:
    return [RemainsShown(where=one.where, what=one.what, until=one.until) for one in remains]


async def _terms(conn: Connection, *, settings: Settings, community: str) -> domain.Terms:
    found = await communities_store.find_community(conn, community=community)
    return domain.Terms(
        raw_days=RAW.retention_ms / DAY_MS,
        lane_days=lane_topic("any", "any").retention_ms / DAY_MS,
        dead_letter_days=dead_letter_topic("ingest").retention_ms / DAY_MS,
        compaction_days=MEMBERS.compacted_within_ms / DAY_MS,
        backups_days=settings.backups_days,
        rejected_days=(found.retention if found else Retention()).rejected_days,
    )


@router.get(
    "/v1/members/{member_id}/erasure",
    summary="What erasing a member does, or has done",
    responses=problem_responses(UNKNOWN_MEMBER, UNKNOWN_IDENTITY),
)
async def get_erasure(
    principal: Annotated[Principal, requires(Scope.MEMBERS_ERASE, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
    settings: OwnSettings,
) -> ErasureShown:
    """Before: what would go, and what would remain until when, if it were now.

    Afterwards, by the id: what went, what remains, and until when.
    """
    key = MemberKey(principal.community, str(member_id))
    erasure = await store.find_erasure(conn, key=key)
    if erasure is not None:
        return ErasureShown.of(erasure, await _terms(conn, settings=settings, community=key.community))
    if await members_store.find_member(conn, key=key) is None:
        raise UnknownMemberError(key.member_id)
    counts = await store.count_of_member(conn, key=key)
    return ErasureShown(
        member_id=key.member_id,
        erased_at=None,
        forfeits=False,
        identities=[],
        deleted=counts,
        is_done=False,
        remains=_shown(
            domain.remains(datetime.now(UTC), await _terms(conn, settings=settings, community=key.community))
        ),
    )


@router.post(
    "/v1/members/{member_id}/erase",
    summary="Forget a member",
    responses=problem_responses(UNKNOWN_MEMBER, UNKNOWN_IDENTITY, UNDECIDED_POINTS),
)
async def post_erase(
    principal: Annotated[Principal, requires(Scope.MEMBERS_ERASE, or_own=True)],
    tx: Tx,
    member_id: MemberId,
    settings: OwnSettings,
    body: EraseAsked,
) -> ErasureShown:
    """For good: names, handles, texts, attributes and bank details go, in every service, and come back by no door.

    Members may ask for it themselves. What they earned stays as amounts, under an id that is nobody's.
    Asked again, by the id, it answers the same.
    """
    key = MemberKey(principal.community, str(member_id))
    erasure = await handlers.erase(tx, key=key, left=body.points)
    return ErasureShown.of(erasure, await _terms(tx.conn, settings=settings, community=key.community))
