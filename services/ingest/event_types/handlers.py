"""What programmes declare of events is remembered, and known at the door."""

from collections.abc import Collection
from datetime import datetime

from pydantic import ValidationError

from services.ingest.event_types import store
from services.ingest.event_types.domain import NOTHING_DECLARED, DeclaredTypes, declared_types
from shared.contracts.facts import ProgrammePublished
from shared.contracts.identities import NamedIdentity
from shared.contracts.programme import Events
from shared.contracts.programme.event_types import CHANNELS
from shared.postgres import Connection
from shared.transaction import InvalidMessageError, Transaction


async def on_programmes(tx: Transaction, programmes: list[ProgrammePublished]) -> None:
    """Remember the event types and channels that programmes declare.

    Raises InvalidMessageError for a programme that cannot be read.
    """
    for index, fact in enumerate(programmes):
        data = fact["data"]
        try:
            events = Events.model_validate(data["document"].get("events", {}))
        except ValidationError as error:
            raise InvalidMessageError(f"events of {data['programme_id']}: {error}", index) from error
        await store.put_declared(
            tx.conn,
            community=fact["community"],
            version=data["version"],
            effective_from=data["effective_from"],
            events=events,
        )


async def on_their_channels(
    conn: Connection, *, community: str, identities: Collection[NamedIdentity], now: datetime, are_new: bool
) -> list[NamedIdentity]:
    """Identities as their channels compare them, those that the community declares as it does.

    Raises UnknownChannelError where one that is new is on a channel that is neither built in nor declared.
    """
    if all(identity.channel in CHANNELS for identity in identities):
        return list(identities)
    declared = (await types_of(conn, communities=[community], now=now))[community]
    if are_new:
        for place, identity in enumerate(identities):
            declared.check_channel(identity.channel, place=place)
    return [declared.as_compared(identity) for identity in identities]


async def types_of(conn: Connection, *, communities: Collection[str], now: datetime) -> dict[str, DeclaredTypes]:
    """What each of the communities declares just now."""
    found = await store.load_declared(conn, communities=communities, now=now)
    return {
        community: declared_types(found[community]) if community in found else NOTHING_DECLARED
        for community in communities
    }
