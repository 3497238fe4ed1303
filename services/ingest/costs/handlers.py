"""What programmes say of the cost of events is remembered, and known at the door."""

from collections.abc import Collection
from datetime import datetime

from services.ingest.costs import store
from services.ingest.costs.domain import Costs, Version, rule_counts
from shared.consumer import Subscription
from shared.contracts.facts import PROGRAMME_PUBLISHED, ProgrammePublished
from shared.postgres import Connection
from shared.topics import PROGRAMMES
from shared.transaction import InvalidMessageError, Transaction


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
    conn: Connection, *, communities: Collection[str], now: datetime, rule_cost: float
) -> dict[str, Costs]:
    """What events of each of the communities cost, where one rule costs `rule_cost`."""
    counts = await store.load_rule_counts(conn, communities=communities, now=now)
    return {community: Costs(counts.get(community, ()), rule_cost) for community in communities}
