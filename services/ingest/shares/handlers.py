"""What is known of communities, in memory: looked up anew in a moment's time."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Generic, NamedTuple, Protocol, TypeVar

from services.ingest.settings import Settings
from shared.postgres import Connection

Lend = Callable[[], AbstractAsyncContextManager[Connection]]

log = logging.getLogger(__name__)

KnownT = TypeVar("KnownT")
#: So long the database may take to say anew what is known of long ago; then that counts once more.
ANSWER_SECONDS = 0.1


class LookUp(Protocol[KnownT]):
    """Finds out something of each of some communities, as it is at a time."""

    async def __call__(
        self, conn: Connection, *, communities: Collection[str], now: datetime
    ) -> "dict[str, KnownT]": ...


class Believed(NamedTuple, Generic[KnownT]):
    """How something is looked up, and for how long it is believed."""

    look_up: LookUp[KnownT]
    seconds: float


class KnownOfCommunities(Generic[KnownT]):
    """Something that is known of the communities that sent events lately."""

    def __init__(self, how: Callable[[Settings], Believed[KnownT]]) -> None:
        self._how = how
        self._known: OrderedDict[str, tuple[float, KnownT]] = OrderedDict()
        self._asked: dict[str, asyncio.Task[KnownT]] = {}

    async def of(self, lend: Lend, *, community: str, settings: Settings) -> KnownT:
        """What is known of the community. Who comes first waits for that, and fails as the database does."""
        known = self._known.get(community)
        if known is None:
            return await asyncio.shield(self._asking(lend, community=community, settings=settings))
        self._known.move_to_end(community)
        believed_until, found = known
        if (late := time.monotonic() - believed_until) > 0:
            task = self._asking(lend, community=community, settings=settings)
            if late > self._how(settings).seconds:
                # What is known is of long ago: worth a moment, while the database answers.
                await asyncio.wait({task}, timeout=ANSWER_SECONDS)
                if task.done() and not task.cancelled() and task.exception() is None:
                    return task.result()
        return found

    def _asking(self, lend: Lend, *, community: str, settings: Settings) -> asyncio.Task[KnownT]:
        """The look-up that is under way: there is one of a community at a time."""
        task = self._asked.get(community)
        if task is None:
            task = asyncio.create_task(self._look_up(lend, community=community, settings=settings))
            self._asked[community] = task
            task.add_done_callback(lambda done: self._ended(community, done))
        return task

    def _ended(self, community: str, task: asyncio.Task[KnownT]) -> None:
        del self._asked[community]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("what is known of a community could not be looked up: %r", error)

    async def _look_up(self, lend: Lend, *, community: str, settings: Settings) -> KnownT:
        how = self._how(settings)
        async with lend() as conn:
            found = await how.look_up(conn, communities=[community], now=datetime.now(UTC))
        self._known[community] = time.monotonic() + how.seconds, found[community]
        self._known.move_to_end(community)
        while len(self._known) > settings.shares_max_count:
            self._known.popitem(last=False)
        return found[community]
