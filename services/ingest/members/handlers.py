"""Who is who: what ingest does with the identities it sees and is told of."""

from collections.abc import Iterable, Sequence

from services.ingest.members import store
from services.ingest.members.domain import IdentityKey, declare
from shared.topics import MEMBERS, record_key
from shared.transaction import Transaction

SOURCE = "/plaudit/ingest"


async def publish_members(tx: Transaction, keys: Iterable[tuple[str, str]]) -> None:
    """Tell every service of members, by (community, member id)."""
    ordered = sorted(keys)
    if not ordered:
        return
    for row in await store.member_records(tx.conn, ordered):
        member_id = str(row["member_id"])
        data = {
            "member_id": member_id,
            "identities": [
                {"channel": channel, "id": identity}
                for channel, identity in zip(row["channels"], row["ids"], strict=True)
            ],
            "channel": row["channel"],
            "first_seen_at": row["first_seen_at"],
            "revision": row["revision"],
        }
        if row["name"] is not None:
            data["name"] = row["name"]
        fact = {
            "specversion": "1.0",
            "id": f"{member_id}/{row['revision']}",
            "source": SOURCE,
            "type": "member.identified.v1",
            "time": tx.now,
            "community": row["community"],
            "data": data,
        }
        tx.publish(MEMBERS, record_key(row["community"], member_id), fact)


async def declare_identities(
    tx: Transaction, community: str, identities: Sequence[tuple[str, str]], name: str | None
) -> str:
    """Make (channel, id) pairs one person and return the member's id.

    Raises DifferentMembersError when they already are several.
    """
    keys: list[IdentityKey] = [(community, channel, identity) for channel, identity in identities]
    known = await store.members_of(tx.conn, keys)
    declaration = declare(keys, {identity: member for identity, (member, _) in known.items()})
    added = set()
    if declaration.is_new:
        channel = declaration.new_identities[0][1]
        added = await store.add_members(tx.conn, [(community, declaration.member_id, name, channel, tx.now)])
    await store.add_identities(
        tx.conn, [(*identity, declaration.member_id) for identity in declaration.new_identities]
    )
    # An event or another declaration may have been faster, and made them somebody else: what is stored counts.
    stored = await store.members_of(tx.conn, keys)
    member_id = declare(keys, {identity: member for identity, (member, _) in stored.items()}).member_id
    renamed = name is not None and any(name != known_name for _, known_name in stored.values())
    if declaration.new_identities or renamed:
        # Readers keep a member's highest revision: a member that was there before needs a higher one.
        if (community, member_id) not in added:
            await store.touch_members(tx.conn, [(community, member_id, name)])
        await publish_members(tx, [(community, member_id)])
    return member_id
