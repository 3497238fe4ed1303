"""What has to be known to try an event on a draft, and who has a turn: nobody's live line waits for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from services.scoring.audiences.handlers.counting import decided_for, with_decided
from services.scoring.children.handlers import Children
from services.scoring.limits.domain.claims import Word, head_of
from services.scoring.programmes.handlers.checking import ChecksBusyError
from services.scoring.quality.handlers.judging import values_for
from services.scoring.rules.domain.asking import members_read, questions
from services.scoring.rules.domain.attributes import Known
from services.scoring.rules.domain.matching import match
from services.scoring.rules.handlers.evaluating import CHILD_MAX_BYTES, Evaluator
from services.scoring.rules.store import load_attributes
from services.scoring.settings import Settings
from services.scoring.voids.domain import content_of
from services.scoring.voids.store import load_standing
from services.scoring.whatifs.domain.trying import TriedRule, compiled_draft, tried
from shared.contracts.facts import AcceptedEvent
from shared.contracts.own_acts import members_of
from shared.contracts.programme import Programme
from shared.merges import load_heads
from shared.transaction import Transaction

Begin = Callable[[], AbstractAsyncContextManager[Transaction[Settings]]]

#: So many look through the log at once, each of another community.
TURNS_COUNT = 2


@dataclass(slots=True)
class Trials:
    """Tries events on drafts, in turns, and evaluates what can take long in a child of its own."""

    children: Children = field(default_factory=lambda: Children("evaluate", count=1, memory_bytes=CHILD_MAX_BYTES))
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(TURNS_COUNT))
    _communities: set[str] = field(default_factory=set)

    @asynccontextmanager
    async def turn(self, community: str, settings: Settings) -> AsyncIterator[None]:
        """A turn of a community, which has one at a time. Raises ChecksBusyError where there is none for it."""
        if community in self._communities:
            raise ChecksBusyError
        self._communities.add(community)
        try:
            try:
                async with asyncio.timeout(settings.check_wait_seconds):
                    await self._turns.acquire()
            except TimeoutError:
                raise ChecksBusyError from None
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._communities.discard(community)

    async def try_event(
        self, begin: Begin, event: AcceptedEvent, programme: Programme, *, word: Word | None, settings: Settings
    ) -> list[TriedRule]:
        """What each rule of a draft would give for an event, by what is known now of its members.

        `word` was said of the event last.
        """
        version = await asyncio.to_thread(compiled_draft, programme)
        community = event["community"]
        versions = {community: [version]}
        async with begin() as tx:
            tx.did_nothing()
            heads = await load_heads(tx.conn, keys={(community, one) for one in members_of(event)})
            known: Known = {}
            if wanted := members_read([event], versions, heads):
                known = await load_attributes(tx.conn, wanted=wanted)
                of_members = await decided_for(
                    tx.conn,
                    events=[event],
                    compiled=versions,
                    heads=heads,
                    awards_max_count=settings.audience_awards_max_count,
                )
                of_event = await values_for(tx.conn, events=[event], compiled=versions, heads=heads, now=tx.now)
                known = with_decided(known, {**of_members, **of_event})
        asked = questions([event], versions, known, heads)
        # Anew each time: what took too long in a text says nothing of the next one.
        answers = await Evaluator(self.children).answers(asked, settings) if asked else {}
        matched = match([event], versions, answers, known, heads)
        content_id = content_of(event)
        async with begin() as tx:
            tx.did_nothing()
            standing = await load_standing(
                tx.conn,
                contents=set() if content_id is None else {(community, content_id)},
                members={
                    (community, head_of(heads, community, candidate.member_id)) for candidate in matched.candidates
                },
                heads=heads,
            )
        return tried(event, programme, version, matched, word=word, heads=heads, standing=standing)

    async def close(self) -> None:
        """End the child."""
        await self.children.close()


TRIALS = Trials()
