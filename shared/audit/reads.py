"""Reads of personal data, noted beside the requests: of a person, member, operation and hour once."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from shared.contracts.ids import prepared, uuid5_text

WAITING_MAX_COUNT = 10_000
KNOWN_MAX_COUNT = 50_000
_NAMESPACE = prepared(UUID("6f1d8f0e-6f0b-5a52-9c1e-0d5a7c7f2b11"))


class Read(NamedTuple):
    """Somebody read a member's data; a list of members, or of what is theirs, where `member_id` is None."""

    community: str
    person_id: str
    credential: str
    operation: str
    member_id: str | None


def read_id(read: Read, *, at: datetime, service: str) -> str:
    """The id of what is one entry: the same person, member, operation and hour, whatever the credential."""
    hour = at.astimezone(UTC).strftime("%Y-%m-%dT%H")
    member = read.member_id or ""
    return uuid5_text(
        _NAMESPACE, "|".join((service, read.community, read.person_id, read.operation, member, hour))
    )


class ReadNotes:
    """What was read and is not stored yet, and what is known to be: both bounded.

    Where `waiting_max_count` wait to be stored, whoever reads next waits too. What was stored longest ago may be
    forgotten here: the database knows.
    """

    def __init__(
        self, *, waiting_max_count: int = WAITING_MAX_COUNT, known_max_count: int = KNOWN_MAX_COUNT
    ) -> None:
        self._waiting: dict[tuple[int, Read], datetime] = {}
        self._known: OrderedDict[tuple[int, Read], None] = OrderedDict()
        self._waiting_max_count = waiting_max_count
        self._known_max_count = known_max_count
        self._room = asyncio.Event()
        self._room.set()

    async def note(self, read: Read, at: datetime) -> None:
        """Note a read; return at once unless too many wait to be stored."""
        key = (_hour(at), read._replace(credential=""))
        if key in self._known:
            return
        await self._room.wait()
        self._waiting[key[0], read] = at
        self._known[key] = None
        while len(self._known) > self._known_max_count:
            self._known.popitem(last=False)
        if len(self._waiting) >= self._waiting_max_count:
            self._room.clear()

    def waiting(self, count: int) -> list[tuple[Read, datetime]]:
        """The first reads that are not stored yet, at most `count`, each with its time."""
        return [(read, at) for (_, read), at in islice(self._waiting.items(), count)]

    def stored(self, reads: Sequence[tuple[Read, datetime]]) -> None:
        """Forget what has been stored."""
        for read, at in reads:
            self._waiting.pop((_hour(at), read), None)
        self._room.set()


def _hour(at: datetime) -> int:
    return int(at.timestamp()) // 3600
