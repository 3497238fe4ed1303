"""Each service's copy of the access keys, from access_keys.v1."""

from typing import Any

from shared.transaction import Transaction


async def on_access_keys(tx: Transaction, changes: list[Any]) -> None:
    """Keep this service's copy of the access keys. A key that was revoked stays so."""
    await tx.conn.executemany(
        """
        insert into access_keys (community, key_id, name, secret_sha256, scopes, revoked)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (community, key_id) do update
        set name = excluded.name, scopes = excluded.scopes, revoked = access_keys.revoked or excluded.revoked
        """,
        [
            (
                change["community"],
                change["data"]["key_id"],
                change["data"]["name"],
                change["data"]["secret_sha256"],
                change["data"]["scopes"],
                change["data"]["revoked"],
            )
            for change in changes
        ],
    )
