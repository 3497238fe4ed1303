"""The SQL of each service's copy of the access keys."""

from collections.abc import Sequence

from shared.contracts.facts import AccessKeyChanged
from shared.postgres import Connection


async def put_access_keys(conn: Connection, changes: Sequence[AccessKeyChanged]) -> None:
    """Keep keys as these changes say; one that was revoked stays so."""
    await conn.executemany(
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
