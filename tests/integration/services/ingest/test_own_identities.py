"""Members known by their own ids: each once, also where a restored service knows an id by its hash alone."""

import pytest

from services.ingest.members.domain import IdentityKey
from services.ingest.members.handlers.telling import hash_of
from services.ingest.members.store.identities import ToldIdentity, put_told_identities
from services.ingest.walls.domain import CHANNEL, HOST
from tests.integration.services.ingest.conftest import Community
from tests.integration.services.ingest.test_check_ins import member
from tests.integration.services.ingest.test_kudos import declare, give

pytestmark = pytest.mark.stack


async def test_an_id_that_a_restored_service_knows_by_its_hash_is_not_told_again(community: Community) -> None:
    ada, ada_shows = await member(community, "ada")
    grace, _ = await member(community, "grace")
    await declare(community)

    async def known() -> list[tuple[str, str]]:
        rows = await community.pool.fetch(
            "select identity, member_id from identities where community = $1 and channel = $2 and host = $3",
            *(community.name, CHANNEL, HOST),
        )
        return sorted((row["identity"], str(row["member_id"])) for row in rows)

    async def revisions() -> dict[str, int]:
        rows = await community.pool.fetch(
            "select member_id, revision from members where community = $1", community.name
        )
        return {str(row["member_id"]): row["revision"] for row in rows}

    assert (await give(community, ada_shows, grace)).status_code == 201
    own, told = sorted([(ada, ada), (grace, grace)]), await revisions()
    assert await known() == own
    # What a restore knows of those who were told of since the backup: at once, as the worker reads the event.
    async with community.begin() as tx:
        await tx.conn.execute(
            "delete from identities where community = $1 and channel = $2 and host = $3",
            *(community.name, CHANNEL, HOST),
        )
        hashes = [
            ToldIdentity(
                community.name, hash_of(tx, IdentityKey(community.name, CHANNEL, one, HOST)), CHANNEL, one
            )
            for one in (ada, grace)
        ]
        await put_told_identities(tx.conn, told=hashes)

    assert (await give(community, ada_shows, grace)).status_code == 201
    assert await known() == own
    assert await revisions() == told
    left = "select count(*) from told_identities where community = $1"
    assert await community.pool.fetchval(left, community.name) == 0
