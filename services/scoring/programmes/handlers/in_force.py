"""The versions that score events, in memory: compiled once each, when an event first needs them.

Awards are scored with these. Memory is believed only as far
as the community's head row says, read in the transaction that scores.
"""

import asyncio
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime

from services.scoring.programmes.domain.publication import Document, VersionStart, succession
from services.scoring.programmes.store import versions
from services.scoring.rules.domain.compiling import CompiledVersion, compile_version, version_at
from shared.contracts.facts import AcceptedEvent
from shared.contracts.programme import Programme
from shared.postgres import Connection

#: Rules of compiled versions that are kept; those of versions not used for longest go first. Some 5 kB each.
COMPILED_RULES_MAX_COUNT = 10_000

Lend = Callable[[], AbstractAsyncContextManager[Connection]]


@dataclass(slots=True)
class VersionsInForce:
    """What is known of each community's versions."""

    _heads: dict[str, int] = field(default_factory=dict)
    #: In succession.
    _starts: dict[str, Sequence[VersionStart]] = field(default_factory=dict)
    _compiled: OrderedDict[tuple[str, int], CompiledVersion] = field(default_factory=OrderedDict)

    def takes_time(self, events: Sequence[AcceptedEvent]) -> bool:
        """Whether, as far as memory knows, something of `events` has to be compiled, or evaluated apart."""
        communities = {event["community"] for event in events}
        if not communities <= self._heads.keys():
            return True
        needed = self._needed(events)
        if any((community, number) not in self._compiled for community in needed for number in needed[community]):
            return True
        asks = {
            (community, kind)
            for community, numbers in needed.items()
            for number in numbers
            for kind in self._compiled[community, number].asks
        }
        return any((event["community"], event["type"]) in asks for event in events) if asks else False

    async def of(
        self, events: Sequence[AcceptedEvent], lend: Lend, heads: Mapping[str, int] | None = None
    ) -> tuple[Mapping[str, int], dict[str, Sequence[CompiledVersion]]]:
        """The newest version of each community of `events`, and the versions that are in force for them.

        Which are the newest is read, unless `heads` say it. A connection is lent only while the database is asked.
        What is not compiled yet is compiled in a thread: it holds Python's lock for a few milliseconds at a time.
        """
        communities = sorted({event["community"] for event in events})
        async with lend() as conn:
            if heads is None:
                heads = dict.fromkeys(communities, 0) | await versions.load_heads(conn, communities=communities)
            for community, newest in heads.items():
                if self._heads.get(community, 0) != newest:
                    self._starts[community] = succession(await versions.load_starts(conn, community=community))
                    self._heads[community] = newest
            needed = self._needed(events)
            documents = {
                community: await versions.load_documents(conn, community=community, numbers=missing)
                for community, numbers in needed.items()
                if (missing := [number for number in numbers if (community, number) not in self._compiled])
            }
        for community, texts in documents.items():
            starts = {start.number: start for start in self._starts[community]}
            for number, document in texts.items():
                made = await asyncio.to_thread(_compile, document, starts[number])
                self._compiled[community, number] = made
        found: dict[str, Sequence[CompiledVersion]] = {}
        for community, numbers in needed.items():
            for number in numbers:
                self._compiled.move_to_end((community, number))
            found[community] = [self._compiled[community, number] for number in sorted(numbers)]
        self._forget()
        return heads, found

    def _needed(self, events: Sequence[AcceptedEvent]) -> Mapping[str, set[int]]:
        """The numbers of the versions that are in force for `events`, by community."""
        needed: dict[str, set[int]] = {}
        several: dict[str, Sequence[VersionStart]] = {}
        for community in {event["community"] for event in events}:
            starts = self._starts.get(community, ())
            if len(starts) == 1:
                needed[community] = {starts[0].number}
            elif starts:
                several[community] = starts
        # To compare parsed times takes long, so it is done only where there is a choice. There may be thousands of
        # versions, most of them for times to come.
        for event in events if several else ():
            starts = several.get(event["community"], ())
            place = bisect_right(starts, event["receivedat"], key=lambda start: start.effective_from)
            if place:
                needed.setdefault(event["community"], set()).add(starts[place - 1].number)
        return needed

    def _forget(self) -> None:
        kept = sum(_size(version) for version in self._compiled.values())
        while kept > COMPILED_RULES_MAX_COUNT and len(self._compiled) > 1:
            _, oldest = self._compiled.popitem(last=False)
            kept -= _size(oldest)


async def document_in_force(
    conn: Connection, *, community: str, at: datetime
) -> tuple[int | None, Programme | None]:
    """The version of a community's programme that is in force at a time, with its number; None where none is."""
    start = version_at(succession(await versions.load_starts(conn, community=community)), at)
    if start is None:
        return None, None
    documents = await versions.load_documents(conn, community=community, numbers=[start.number])
    return start.number, Programme.model_validate(documents[start.number])


def _size(version: CompiledVersion) -> int:
    return len({rule.id for of_type in version.rules.values() for rule in of_type})


def _compile(document: Document, start: VersionStart) -> CompiledVersion:
    return compile_version(Programme.model_validate(document), start.number, start.effective_from)
