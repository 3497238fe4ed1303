"""The SQL of cards: which card of which provider a reward of the catalogue is."""

from datetime import datetime

from services.rewards.providers.domain.contract import Card, ProviderName
from shared.postgres import Connection


async def put_card(conn: Connection, card: Card, *, community: str, reward_id: str, at: datetime) -> None:
    """Say which card a reward is from now on; what was ordered stays what it was."""
    await conn.execute(
        """
        insert into gift_cards as g
            (community, reward_id, provider, product_id, face_minor, currency, revision, changed_at)
        values ($1, $2, $3, $4, $5, $6, 1, $7)
        on conflict (community, reward_id) do update
        set provider = excluded.provider, product_id = excluded.product_id, face_minor = excluded.face_minor,
            currency = excluded.currency, revision = g.revision + 1, changed_at = excluded.changed_at
        """,
        community,
        reward_id,
        *card,
        at,
    )


async def find_card(conn: Connection, *, community: str, reward_id: str) -> Card | None:
    """The card that a reward is; None where nobody said so."""
    row = await conn.fetchrow(
        """
        select provider, product_id, face_minor, currency from gift_cards where community = $1 and reward_id = $2
        """,
        community,
        reward_id,
    )
    if row is None:
        return None
    return Card(ProviderName(row["provider"]), row["product_id"], row["face_minor"], row["currency"])
