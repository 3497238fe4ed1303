"""Each service's copy of people and access keys, from people.v1 and access_keys.v1."""

from shared.access_keys.store import put_access_keys, put_people, put_token_keys
from shared.consumer import Subscription
from shared.contracts.facts import (
    ACCESS_KEY_CHANGED,
    PEOPLE_FACT,
    AccessKeyChanged,
    PersonChanged,
    TokenKeyChanged,
)
from shared.topics import ACCESS_KEYS, PEOPLE
from shared.transaction import Transaction


async def on_access_keys(tx: Transaction, changes: list[AccessKeyChanged]) -> None:
    """Keep this service's copy of the access keys."""
    await put_access_keys(tx.conn, changes)


async def on_people(tx: Transaction, changes: list[PersonChanged | TokenKeyChanged]) -> None:
    """Keep this service's copy of the people, and of the keys that verify tokens."""
    await put_people(tx.conn, [one for one in changes if one["type"] == "person.changed.v1"])
    await put_token_keys(tx.conn, [one for one in changes if one["type"] == "token_key.changed.v1"])


#: What every service but the owner of people and keys reads.
FOLLOWED_ACCESS_KEYS = Subscription(ACCESS_KEYS, ACCESS_KEY_CHANGED.adapter, on_access_keys)
FOLLOWED_PEOPLE = Subscription(PEOPLE, PEOPLE_FACT, on_people)
