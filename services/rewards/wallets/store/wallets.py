"""Wallets, what is in them, and their moves."""

from collections.abc import Collection, Sequence
from datetime import datetime

from asyncpg import Record

from services.rewards.ledger.domain.entries import CommunityKind
from services.rewards.turns.domain import Due, DueRows, Turn
from services.rewards.wallets.domain.reservations import Reservation
from services.rewards.wallets.domain.wallets import (
    Funds,
    Move,
    MoveKind,
    MovePlace,
    Purpose,
    UsedFor,
    Wallet,
    WalletActor,
    WalletPlace,
    WalletState,
)
from shared.postgres import Connection

#: What is set aside of wallets for too long.
OVERDUE = DueRows(
    Due.WALLET_RESERVATION,
    "wallet_reservations",
    "expires_at",
    "expires_at is not null and posted + voided < amount",
)
_KINDS: tuple[CommunityKind, ...] = ("wallet", "wallet_reserved", "wallet_spent")


def actor_of(person_id: object, credential: str) -> WalletActor:
    """Who a row says did it."""
    return WalletActor(str(person_id) if person_id else None, credential)


def _wallet(row: Record) -> Wallet:
    return Wallet(
        community=row["community"],
        wallet_id=str(row["wallet_id"]),
        parent_id=str(row["parent_id"]) if row["parent_id"] else None,
        root_id=str(row["root_id"]),
        depth=row["depth"],
        purpose=Purpose(row["purpose"]),
        campaign_id=row["campaign_id"],
        title=row["title"],
        currency=row["currency"],
        state=WalletState(row["state"]),
        low_amount=row["low_amount"],
        is_low=row["is_low"],
        owner_person_ids=tuple(str(person_id) for person_id in row["owner_person_ids"]),
        revision=row["revision"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        changed_by=actor_of(row["changed_by_person"], row["changed_by"]),
    )


async def lock_wallet_tree(conn: Connection, *, community: str) -> None:
    """Let one transaction at a time add wallets or decide about them; until it ends. Who spends never waits."""
    await conn.execute("select pg_advisory_xact_lock(hashtext('wallets'), hashtext($1))", community)


async def put_wallet(conn: Connection, wallet: Wallet) -> None:
    """Keep a wallet as it is now; one of a higher revision stays."""
    await conn.execute(
        """
        insert into wallets (community, wallet_id, parent_id, root_id, depth, purpose, campaign_id, title,
                             currency, state, low_amount, is_low, owner_person_ids, revision, created_at,
                             changed_at, changed_by_person, changed_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        on conflict (community, wallet_id) do update
        set title = excluded.title, state = excluded.state, low_amount = excluded.low_amount,
            is_low = excluded.is_low, owner_person_ids = excluded.owner_person_ids, revision = excluded.revision,
            changed_at = excluded.changed_at, changed_by_person = excluded.changed_by_person,
            changed_by = excluded.changed_by
        where wallets.revision < excluded.revision
        """,
        wallet.community,
        wallet.wallet_id,
        wallet.parent_id,
        wallet.root_id,
        wallet.depth,
        wallet.purpose,
        wallet.campaign_id,
        wallet.title,
        wallet.currency,
        wallet.state,
        wallet.low_amount,
        wallet.is_low,
        list(wallet.owner_person_ids),
        wallet.revision,
        wallet.created_at,
        wallet.changed_at,
        *wallet.changed_by,
    )


async def count_wallets(conn: Connection, *, community: str) -> int:
    """How many wallets a community has, closed ones too."""
    count: int = await conn.fetchval("select count(*) from wallets where community = $1", community)
    return count


async def count_low(conn: Connection) -> int:
    """How many wallets of all communities hold less than their owners want to be told of."""
    count: int = await conn.fetchval("select count(*) from wallets where is_low")
    return count


async def find_wallet(conn: Connection, *, community: str, wallet_id: str) -> Wallet | None:
    """A wallet; None when there is none."""
    row = await conn.fetchrow(
        "select * from wallets where community = $1 and wallet_id = $2", community, wallet_id
    )
    return _wallet(row) if row else None


async def lock_wallets(conn: Connection, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Wallet]:
    """Lock wallets, by community and id, in one order, until the transaction ends; those that there are.

    Call it once for all that a transaction moves: a second call for others would break the order.
    """
    wanted = sorted(set(keys))
    rows = await conn.fetch(
        """
        select w.* from wallets w
        join unnest($1::text[], $2::uuid[]) as g(community, wallet_id) using (community, wallet_id)
        order by w.community, w.wallet_id for update of w
        """,
        [community for community, _ in wanted],
        [wallet_id for _, wallet_id in wanted],
    )
    return {(wallet.community, wallet.wallet_id): wallet for wallet in map(_wallet, rows)}


async def load_funds(conn: Connection, wallets: Collection[Wallet]) -> dict[str, Funds]:
    """What is in each wallet, by its id."""
    accounts = {wallet.account(kind).account_id: (wallet.wallet_id, kind) for wallet in wallets for kind in _KINDS}
    rows = await conn.fetch(
        """
        select account_id, amount from balances
        where community = any($1::text[]) and account_id = any($2::uuid[])
        """,
        sorted({wallet.community for wallet in wallets}),
        list(accounts),
    )
    found: dict[tuple[str, CommunityKind], int] = {accounts[str(row["account_id"])]: row["amount"] for row in rows}
    return {
        wallet.wallet_id: Funds(*(found.get((wallet.wallet_id, kind), 0) for kind in _KINDS)) for wallet in wallets
    }


async def load_wallets(conn: Connection, *, community: str) -> list[Wallet]:
    """All wallets of a community, oldest first: there are few."""
    rows = await conn.fetch("select * from wallets where community = $1 order by created_at, wallet_id", community)
    return [_wallet(row) for row in rows]


async def page_of_wallets(
    conn: Connection, *, community: str, after: WalletPlace | None, limit: int
) -> list[Wallet]:
    """Wallets, oldest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from wallets
        where community = $1 and ($2::timestamptz is null or (created_at, wallet_id) > ($2, $3::uuid))
        order by created_at, wallet_id limit $4
        """,
        community,
        *(after or (None, None)),
        limit,
    )
    return [_wallet(row) for row in rows]


async def add_moves(conn: Connection, moves: Sequence[Move]) -> set[str]:
    """Note moves; return the ids of those that were not there before."""
    rows = await conn.fetch(
        """
        insert into wallet_moves (community, move_id, kind, wallet_id, to_wallet_id, amount, reservation_id,
                                  used_for, decision_id, moved_at, moved_by_person, moved_by)
        select * from unnest($1::text[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::bigint[], $7::uuid[],
                             $8::text[], $9::uuid[], $10::timestamptz[], $11::uuid[], $12::text[])
        on conflict do nothing returning move_id
        """,
        *(
            list(column)
            for column in zip(
                *(
                    (
                        one.community,
                        one.move_id,
                        one.kind,
                        one.wallet_id,
                        one.to_wallet_id,
                        one.amount,
                        one.reservation_id,
                        one.used_for,
                        one.decision_id,
                        one.moved_at,
                        *one.moved_by,
                    )
                    for one in moves
                ),
                strict=True,
            )
        ),
    )
    return {str(row["move_id"]) for row in rows}


async def page_of_moves(
    conn: Connection, *, community: str, wallet_id: str, after: MovePlace | None, limit: int
) -> list[Move]:
    """What went into a wallet, out of it and between its accounts, newest first, after a place."""
    rows = await conn.fetch(
        """
        select * from (
            (select * from wallet_moves
             where community = $1 and wallet_id = $2
               and ($3::timestamptz is null or (moved_at, move_id) < ($3, $4::uuid))
             order by moved_at desc, move_id desc limit $5)
            union all
            (select * from wallet_moves
             where community = $1 and to_wallet_id = $2
               and ($3::timestamptz is null or (moved_at, move_id) < ($3, $4::uuid))
             order by moved_at desc, move_id desc limit $5)) both_sides
        order by moved_at desc, move_id desc limit $5
        """,
        community,
        wallet_id,
        *(after or (None, None)),
        limit,
    )
    return [_move(row) for row in rows]


async def count_moves(conn: Connection, *, community: str, wallet_id: str, limit: int) -> int:
    """How many moves a wallet has; no more than `limit` are counted."""
    count: int = await conn.fetchval(
        """
        select count(*) from (
            select from wallet_moves where community = $1 and (wallet_id = $2 or to_wallet_id = $2) limit $3) first
        """,
        community,
        wallet_id,
        limit,
    )
    return count


def _move(row: Record) -> Move:
    return Move(
        community=row["community"],
        move_id=str(row["move_id"]),
        kind=MoveKind(row["kind"]),
        wallet_id=str(row["wallet_id"]),
        amount=row["amount"],
        moved_at=row["moved_at"],
        moved_by=actor_of(row["moved_by_person"], row["moved_by"]),
        to_wallet_id=str(row["to_wallet_id"]) if row["to_wallet_id"] else None,
        reservation_id=str(row["reservation_id"]) if row["reservation_id"] else None,
        used_for=UsedFor(row["used_for"]) if row["used_for"] else None,
        decision_id=str(row["decision_id"]) if row["decision_id"] else None,
    )


def reservation_of(row: Record) -> Reservation:
    """What a row says that is set aside."""
    return Reservation(
        community=row["community"],
        reservation_id=str(row["reservation_id"]),
        wallet_id=str(row["wallet_id"]),
        used_for=UsedFor(row["used_for"]),
        amount=row["amount"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        posted=row["posted"],
        voided=row["voided"],
        refunded=row["refunded"],
        moves=row["moves"],
    )


async def load_reservations(conn: Connection, keys: Collection[tuple[str, str]]) -> list[Reservation]:
    """What is set aside under ids, by community and id; that which there is, in order."""
    wanted = sorted(set(keys))
    rows = await conn.fetch(
        """
        select r.* from wallet_reservations r
        join unnest($1::text[], $2::uuid[]) as g(community, reservation_id) using (community, reservation_id)
        order by r.community, r.reservation_id
        """,
        [community for community, _ in wanted],
        [reservation_id for _, reservation_id in wanted],
    )
    return [reservation_of(row) for row in rows]


async def load_expired(conn: Connection, turn: Turn, *, now: datetime) -> list[Reservation]:
    """What is still set aside and whose time is over, of the communities of a turn, oldest first."""
    rows = await conn.fetch(
        f"""
        select r.* from unnest($1::text[]) as c(community)
        cross join lateral (
            select * from wallet_reservations l
            where l.community = c.community and {OVERDUE.indexed} and l.expires_at <= $2
            order by l.expires_at limit $3) r
        """,  # noqa: S608 -- of constants
        turn.communities,
        now,
        turn.share,
    )
    return [reservation_of(row) for row in rows]


async def put_reservation(conn: Connection, reservation: Reservation) -> None:
    """Keep what is set aside as it is now; its wallet is locked."""
    await conn.execute(
        """
        insert into wallet_reservations (community, reservation_id, wallet_id, used_for, amount, posted, voided,
                                         refunded, moves, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        on conflict (community, reservation_id) do update
        set posted = excluded.posted, voided = excluded.voided, refunded = excluded.refunded,
            moves = excluded.moves
        """,
        reservation.community,
        reservation.reservation_id,
        reservation.wallet_id,
        reservation.used_for,
        reservation.amount,
        reservation.posted,
        reservation.voided,
        reservation.refunded,
        reservation.moves,
        reservation.created_at,
        reservation.expires_at,
    )
