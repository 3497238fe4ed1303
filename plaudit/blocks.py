"""Blocks of the ledger's chain as anybody has them, and whether they hold: no service is asked."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple


class BrokenChainError(Exception):
    """A block that does not follow the one before, or that its entries do not fit; the text says which and why."""


class Link(NamedTuple):
    """A block with what its hash is over: a header and lines, each a JSON array."""

    number: int
    hash: str
    header: str
    lines: list[str]

    def as_json(self) -> str:
        """The block as a line of a file."""
        return json.dumps(self._asdict(), ensure_ascii=False)


class Read(NamedTuple):
    """An entry as its line says it; amounts in minor units, credit positive, and times in UTC."""

    transfer_id: str
    kind: str
    cause_id: str
    event_time: str
    recorded_at: str
    amends: str | None
    revision: int | None
    why: str | None
    account_id: str
    member_id: str | None
    account: str
    amount: int
    currency: str

    @property
    def day(self) -> str:
        """The day of UTC on which it was booked."""
        return datetime.fromisoformat(self.recorded_at).date().isoformat()


def links_in(lines: Iterable[str]) -> Iterator[Link]:
    """The blocks of a file, a JSON object a line. Raises BrokenChainError for a line that is none."""
    for place, line in enumerate(lines, 1):
        try:
            said = json.loads(line)
            yield Link(*(said[name] for name in Link._fields))
        except (ValueError, KeyError, TypeError) as error:
            raise BrokenChainError(f"line {place} is no block") from error


def verified(links: Iterable[Link]) -> Iterator[Link]:
    """Blocks in their order from the first on, each once its hash and its place were found right.

    Raises BrokenChainError for the first that is not.
    """
    previous, number, community = "", 1, None
    for link in links:
        text = "\n".join((link.header, *link.lines))
        if hashlib.sha256(text.encode()).hexdigest() != link.hash:
            raise BrokenChainError(f"the entries of block {link.number} do not fit its hash")
        try:
            said_community, said_number, said_previous = json.loads(link.header)
        except (ValueError, TypeError) as error:
            raise BrokenChainError(f"the header of block {link.number} has another form") from error
        if (said_number, said_previous) != (number, previous) or link.number != number:
            raise BrokenChainError(f"block {link.number} does not follow the block before")
        if community not in (None, said_community):
            raise BrokenChainError(f"block {link.number} is of another community")
        yield link
        previous, number, community = link.hash, number + 1, said_community


def read(line: str) -> Read:
    """An entry of a line that was verified."""
    return Read(*json.loads(line))
