"""Routes of the chain: how far it goes, its blocks, and what each is over."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from services.rewards.chain import domain, store
from services.rewards.chain.domain import BlockNumber, BlockPlace, UnknownBlockError
from shared.http import (
    IN_ANSWER,
    Limit,
    Page,
    Principal,
    ProblemType,
    Scope,
    Snapshot,
    after,
    problem_responses,
    requires,
)

UNKNOWN_BLOCK = ProblemType("unknown-block", 404, "Block not found")
HASH_EXAMPLE = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

router = APIRouter(tags=["ledger"])

Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
MemberReader = Annotated[Principal, requires(Scope.PAYOUTS_READ, reads=IN_ANSWER)]


class Block(BaseModel):
    """Some entries of the ledger, held by a hash over them and the block before."""

    model_config = ConfigDict(from_attributes=True)

    number: int = Field(examples=[1], description="From 1 on, without a gap")
    previous: str = Field(description="The hash of the block before; empty for the first")
    hash: str = Field(examples=[HASH_EXAMPLE], description="SHA-256 in hex; docs/payouts.md says of what")
    chained_at: datetime
    entries_count: int

    @classmethod
    def of(cls, block: domain.Block) -> Self:
        """A block as it is answered."""
        return cls.model_validate(block)


class BlockLines(Block):
    """A block with what its hash is over: the header, then the lines, each after a line feed, in UTF-8."""

    header: str = Field(
        examples=['["demo", 1, ""]'], description="A JSON array: the community, the number, the hash before"
    )
    lines: list[str] = Field(
        description="Each entry as a JSON array: the transfer's id, kind, cause, event time, time of booking, "
        "amended transfer, revision and why; the account's id, member and kind; amount and currency"
    )


class Chain(BaseModel):
    """How far the chain of a community goes, and what is in no block yet."""

    last: Block | None = Field(description="The newest block: who keeps its number and hash can hold all to it")
    waiting_count: int = Field(description="Entries that wait for their block, which takes a second or so")
    waiting_since: datetime | None


@router.get("/v1/ledger/chain", summary="How far the ledger's chain goes", responses=problem_responses())
async def get_chain(principal: Reader, conn: Snapshot) -> Chain:
    """The newest block, and how many entries are in none yet."""
    last = await store.find_last(conn, community=principal.community)
    waiting = await store.load_waiting(conn, community=principal.community)
    return Chain(
        last=Block.of(last) if last else None, waiting_count=waiting.entries_count, waiting_since=waiting.since
    )


@router.get("/v1/ledger/blocks", summary="The ledger's blocks, the first one first", responses=problem_responses())
async def list_blocks(
    principal: Reader,
    conn: Snapshot,
    place: Annotated[BlockPlace | None, after(BlockPlace)],
    limit: Limit = 100,
) -> Page[Block]:
    """Each names the hash of the one before: whoever changes one would have to change all that follow."""
    found = await store.page_of_blocks(conn, community=principal.community, after=place, limit=limit)
    return Page.of(found, limit, item=Block.of, place=lambda block: block.place)


@router.get(
    "/v1/ledger/blocks/{number}",
    summary="A block with what its hash is over",
    responses=problem_responses(UNKNOWN_BLOCK),
)
async def get_block(
    principal: MemberReader, conn: Snapshot, number: Annotated[BlockNumber, Path(examples=[1])]
) -> BlockLines:
    """The entries are read anew: the SHA-256 of header and lines is `hash` if they are as they were."""
    block = await store.find_block(conn, community=principal.community, number=number)
    if block is None:
        raise UnknownBlockError(number)
    header, lines = await store.load_lines(conn, community=principal.community, number=number)
    return BlockLines(**Block.of(block).model_dump(), header=header, lines=lines)
