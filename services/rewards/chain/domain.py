"""Blocks of the ledger, and what does not fit them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from pydantic import Field

#: A block has a number from 1 on; as large as the database counts.
BlockNumber = Annotated[int, Field(ge=1, le=2**63 - 1)]


class UnknownBlockError(Exception):
    """There is no such block."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no block {number}")
        self.number = number


class BlockPlace(NamedTuple):
    """Where a page of blocks ended."""

    number: BlockNumber


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a community's chain; `previous` is the hash of the one before, empty for the first."""

    number: int
    previous: str
    hash: str
    chained_at: datetime
    entries_count: int

    @property
    def place(self) -> BlockPlace:
        """Where it stands in the chain."""
        return BlockPlace(self.number)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Entries that are in no block yet: how many, and since when; None when there are none."""

    entries_count: int
    since: datetime | None

    def age(self, now: datetime) -> timedelta:
        """For how long the oldest has been waiting."""
        return max(now - self.since, timedelta(0)) if self.since else timedelta(0)


@dataclass(frozen=True, slots=True)
class BlockDifference:
    """A block that does not fit the entries or the block before; without a number it is the whole chain."""

    community: str
    number: int | None
    reason: str
