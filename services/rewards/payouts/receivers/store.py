"""The SQL of accounts at providers: a history to which is only added."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

from asyncpg import Record

from services.rewards.payouts.domain import OUTCOMES_GIVING_BACK, Payout
from services.rewards.payouts.receivers.domain import ReceiverSet, Refused
from services.rewards.payouts.store import actor_of
from services.rewards.providers.domain.contract import ProviderName
from shared.postgres import Connection


class SealedReceiver(NamedTuple):
    """What is said of an account, sealed by a key; None where its member was erased, or is paid by bank."""

    community: str
    receiver_id: str
    provider: ProviderName | None
    sealed_by: str | None
    content: bytes | None


async def add_receiver(
    conn: Connection,
    said: ReceiverSet,
    *,
    sealed_by: str | None,
    content: bytes | None,
    fingerprint: bytes | None,
) -> ReceiverSet:
    """Set how a member is paid, as the next revision; return it with that. Runs must be locked."""
    revision = await conn.fetchval(
        """
        insert into payee_receivers (community, member_id, revision, receiver_id, provider, sealed_by, sealed,
                                     fingerprint, changed_at, changed_by_person, changed_by)
        select $1, $2, coalesce(max(revision), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10
        from payee_receivers where community = $1 and member_id = $2
        returning revision
        """,
        said.community,
        said.member_id,
        said.receiver_id,
        said.provider,
        sealed_by,
        content,
        fingerprint,
        said.changed_at,
        *said.changed_by,
    )
    return replace(said, revision=revision)


async def find_receiver(conn: Connection, *, community: str, member_id: str) -> ReceiverSet | None:
    """How a member is paid since they last said so; None where they never did, or are paid by bank."""
    return (await load_receivers(conn, community=community, member_ids=[member_id])).get(member_id)


async def load_receivers(
    conn: Connection, *, community: str, member_ids: Sequence[str], provider: str | None = None
) -> dict[str, ReceiverSet]:
    """The accounts at providers of these members, or at one, by member; who is paid by bank is left out."""
    rows = await conn.fetch(
        """
        select c.*, r.reason as refused_reason, r.refused_at
        from unnest($2::uuid[]) as m(member_id)
        cross join lateral (
            select community, member_id, revision, receiver_id, provider, changed_at, changed_by_person, changed_by
            from payee_receivers p where p.community = $1 and p.member_id = m.member_id
            order by revision desc limit 1) c
        left join lateral (
            select t.words || case when t.reason = '' then '' else ': ' || t.reason end as reason,
                   p.changed_at as refused_at
            from payouts p join remittances t using (community, payout_id)
            where p.community = $1 and p.member_id = m.member_id and p.receiver_id = c.receiver_id
              and p.state = any($4) and t.blames_receiver
            order by p.changed_at desc limit 1) r on true
        where c.provider is not null and ($3::text is null or c.provider = $3)
        """,
        community,
        member_ids,
        provider,
        OUTCOMES_GIVING_BACK,
    )
    return {str(row["member_id"]): _receiver(row) for row in rows}


async def load_refused_members(conn: Connection, *, community: str, provider: str) -> list[str]:
    """The members whose accounts at a provider, as they are now, it sent money back from."""
    rows = await conn.fetch(
        """
        select distinct p.member_id from payouts p join remittances t using (community, payout_id)
        where p.community = $1 and p.state = any($2) and t.blames_receiver and t.provider = $3
        """,
        community,
        OUTCOMES_GIVING_BACK,
        provider,
    )
    member_ids = [str(row["member_id"]) for row in rows]
    found = await load_receivers(conn, community=community, member_ids=member_ids, provider=provider)
    return [member_id for member_id, said in found.items() if said.refusal is not None]


async def find_sealed(conn: Connection, *, community: str, receiver_id: str) -> SealedReceiver | None:
    """What is said of an account, sealed; None where there is none."""
    row = await conn.fetchrow(
        "select * from payee_receivers where community = $1 and receiver_id = $2", community, receiver_id
    )
    return None if row is None else _sealed(row)


async def lock_sealed_by(conn: Connection, key_ids: Sequence[str], *, limit: int) -> list[SealedReceiver]:
    """Accounts that one of these keys sealed, and the first not, or that have no fingerprint; they are locked.

    Those that somebody works on are left for later.
    """
    rows = await conn.fetch(
        """
        select * from payee_receivers
        where sealed is not null
          and (sealed_by = any($1::text[]) or sealed_by = $2 and fingerprint is null)
        order by community, receiver_id limit $3 for update skip locked
        """,
        list(key_ids[1:]),
        key_ids[0],
        limit,
    )
    return [_sealed(row) for row in rows]


async def set_sealed(conn: Connection, receiver: SealedReceiver, *, fingerprint: bytes) -> None:
    """Write what is said of an account, sealed by another key, with the fingerprint under that."""
    await conn.execute(
        """
        update payee_receivers set sealed_by = $3, sealed = $4, fingerprint = $5
        where community = $1 and receiver_id = $2
        """,
        receiver.community,
        receiver.receiver_id,
        receiver.sealed_by,
        receiver.content,
        fingerprint,
    )


async def load_sealed(
    conn: Connection, *, community: str, receiver_ids: Collection[str]
) -> dict[str, SealedReceiver]:
    """What is said of accounts, sealed, by their ids."""
    rows = await conn.fetch(
        "select * from payee_receivers where community = $1 and receiver_id = any($2::uuid[])",
        community,
        list(receiver_ids),
    )
    return {str(row["receiver_id"]): _sealed(row) for row in rows}


async def load_members_at(
    conn: Connection, fingerprints: Collection[bytes], *, community: str, limit: int
) -> dict[bytes, set[str]]:
    """Which persons are paid to accounts now, by the fingerprint that each is kept with; at most so many of each.

    Whoever is merged is one person, by the id of who stays.
    """
    rows = await conn.fetch(
        """
        select f.fingerprint, coalesce(g.head_id, m.member_id) as head_id
        from unnest($2::bytea[]) as f(fingerprint)
        cross join lateral (
            select distinct p.member_id from payee_receivers p
            where p.community = $1 and p.fingerprint = f.fingerprint
            order by p.member_id limit $3) m
        cross join lateral (
            select n.fingerprint from payee_receivers n where n.community = $1 and n.member_id = m.member_id
            order by n.revision desc limit 1) c
        left join merges g on g.community = $1 and g.member_id = m.member_id
        where c.fingerprint = f.fingerprint
        """,
        community,
        list(fingerprints),
        limit,
    )
    found: dict[bytes, set[str]] = {}
    for row in rows:
        found.setdefault(bytes(row["fingerprint"]), set()).add(str(row["head_id"]))
    return found


async def forget_receivers(conn: Connection, *, community: str, member_ids: Sequence[str]) -> None:
    """Forget what is said of members' accounts; that they had some, and where, stays."""
    await conn.execute(
        """
        update payee_receivers set sealed_by = null, sealed = null, fingerprint = null
        where community = $1 and member_id = any($2::uuid[]) and sealed is not null
        """,
        community,
        list(member_ids),
    )


async def set_receiver_read_back(conn: Connection, payout: Payout, *, revision: int) -> None:
    """Give a payout that was read back the account at a provider that it was paid to."""
    await conn.execute(
        "select set_receiver_of_payout_read_back($1, $2, $3)", payout.community, payout.payout_id, revision
    )


def _receiver(row: Record) -> ReceiverSet:
    return ReceiverSet(
        community=row["community"],
        member_id=str(row["member_id"]),
        receiver_id=str(row["receiver_id"]),
        provider=ProviderName(row["provider"]),
        changed_at=row["changed_at"],
        changed_by=actor_of(row["changed_by_person"], row["changed_by"]),
        revision=row["revision"],
        refusal=Refused(row["refused_reason"], row["refused_at"]) if row["refused_at"] else None,
    )


def _sealed(row: Record) -> SealedReceiver:
    provider = ProviderName(row["provider"]) if row["provider"] else None
    return SealedReceiver(row["community"], str(row["receiver_id"]), provider, row["sealed_by"], row["sealed"])
