"""What programmes say of the cost of events is remembered, and known at the door."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

from services.ingest.costs import store
from services.ingest.costs.domain import Costs, Version, rule_counts
from services.ingest.settings import Settings
from shared.consumer import Subscription
from shared.contracts.facts import PROGRAMME_PUBLISHED, ProgrammePublished
from shared.postgres import Connection
from shared.topics import PROGRAMMES
from shared.transaction import InvalidMessageError, Transaction

Lend = Callable[[], AbstractAsyncContextManager[Connection]]

log = logging.getLogger(__name__)


async def on_programmes(tx: Transaction, programmes: list[ProgrammePublished]) -> None:
    """Remember how many rules listen to each type of event.

    Raises InvalidMessageError for rules that cannot be read.
    """
    for index, fact in enumerate(programmes):
        data = fact["data"]
        try:
            counts = rule_counts(data["document"])
        except ValueError as error:
            raise InvalidMessageError(
                f"programme {data['programme_id']} {data['version']}: {error}", index
            ) from error
        version = Version(fact["community"], data["version"], counts)
        await store.add_version(tx.conn, version=version, effective_from=data["effective_from"])
    communities = sorted({fact["community"] for fact in programmes})
    await store.forget_superseded(tx.conn, communities=communities, now=tx.now)


FOLLOWED_PROGRAMMES = Subscription(PROGRAMMES, PROGRAMME_PUBLISHED.adapter, on_programmes)


async def costs_of(
    conn: Connection, *, communities: Collection[str], now: datetime, settings: Settings
) -> dict[str, Costs]:
    """What events of each of the communities cost."""
    counts = await store.load_rule_counts(conn, communities=communities, now=now)
    return {community: Costs(counts.get(community, ()), settings.rule_cost) for community in communities}


class KnownCosts:
    """What events cost, of the communities that sent some lately, in memory: looked up anew in a moment's time."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[float, Costs]] = OrderedDict()
        self._asked: dict[str, asyncio.Task[Costs]] = {}

    async def of(self, lend: Lend, *, community: str, settings: Settings) -> Costs:
        """What the community's events cost. Who comes first waits for that, and fails as the database does."""
        known = self._known.get(community)
        if known is None:
            return await asyncio.shield(self._asking(lend, community=community, settings=settings))
        self._known.move_to_end(community)
        believed_until, costs = known
        if believed_until < time.monotonic():
            self._asking(lend, community=community, settings=settings)
        return costs

    def _asking(self, lend: Lend, *, community: str, settings: Settings) -> asyncio.Task[Costs]:
        """The look-up that is under way: there is one of a community at a time."""
        task = self._asked.get(community)
        if task is None:
            task = asyncio.create_task(self._look_up(lend, community=community, settings=settings))
            self._asked[community] = task
            task.add_done_callback(lambda done: self._ended(community, done))
        return task

    def _ended(self, community: str, task: asyncio.Task[Costs]) -> None:
        del self._asked[community]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("the rules of a community could not be looked up: %r", error)

    async def _look_up(self, lend: Lend, *, community: str, settings: Settings) -> Costs:
        async with lend() as conn:
            found = await costs_of(conn, communities=[community], now=datetime.now(UTC), settings=settings)
        self._known[community] = time.monotonic() + settings.costs_cache_seconds, found[community]
        self._known.move_to_end(community)
        while len(self._known) > settings.shares_max_count:
            self._known.popitem(last=False)
        return found[community]
