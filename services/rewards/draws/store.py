"""The SQL of draws and their tickets."""

from collections.abc import Collection, Sequence
from datetime import datetime

from asyncpg import Record

from services.rewards.draws.domain import Draw, DrawState, Winner, Won
from shared.calendars import Calendar
from shared.contracts.draws import Ticket
from shared.followed_communities import load_calendar
from shared.postgres import Connection


async def put_open(conn: Connection, draw: Draw) -> None:
    """Add a draw; of one that is open already all changes but the seed."""
    await conn.execute(
        """
        insert into draws as d (community, draw_id, title, description, reward_id, winners_count, closes_at, state,
                                seed, ends_on)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        on conflict (community, draw_id) do update
        set title = excluded.title, description = excluded.description, reward_id = excluded.reward_id,
            winners_count = excluded.winners_count, closes_at = excluded.closes_at, ends_on = excluded.ends_on
        where d.state = 'open'
        """,
        draw.community,
        draw.draw_id,
        draw.title,
        draw.description,
        draw.reward_id,
        draw.winners_count,
        draw.closes_at,
        draw.state,
        draw.seed,
        draw.ends_on,
    )


async def lock_calendar(conn: Connection, *, community: str) -> Calendar:
    """A community's calendar, which nobody changes until the transaction ends; PLAIN where nobody declared it."""
    await conn.execute("select from followed_communities where community = $1 for share", community)
    return await load_calendar(conn, community=community)


async def lock_open(conn: Connection, *, communities: Collection[str]) -> list[Draw]:
    """Draws of communities that take tickets until a day is over, locked, in the order of their keys."""
    rows = await conn.fetch(
        """
        select * from draws where community = any($1::text[]) and state = 'open' and ends_on is not null
        order by community, draw_id for update
        """,
        sorted(communities),
    )
    return [_draw(row) for row in rows]


async def set_closing(conn: Connection, draw: Draw, *, closes_at: datetime) -> None:
    """Have an open draw, which is locked, take tickets until another moment."""
    await conn.execute(
        "update draws set closes_at = $3 where community = $1 and draw_id = $2",
        draw.community,
        draw.draw_id,
        closes_at,
    )


async def load_draws(conn: Connection, *, community: str) -> list[Draw]:
    """All draws of a community, those that close last first."""
    rows = await conn.fetch("select * from draws where community = $1 order by closes_at desc, draw_id", community)
    return [_draw(row) for row in rows]


async def find_draw(conn: Connection, *, community: str, draw_id: str) -> Draw | None:
    """A draw; None where there is none."""
    row = await conn.fetchrow("select * from draws where community = $1 and draw_id = $2", community, draw_id)
    return None if row is None else _draw(row)


async def lock_draw(conn: Connection, *, community: str, draw_id: str) -> Draw | None:
    """A draw, locked: nobody adds a ticket or draws it until the transaction ends."""
    row = await conn.fetchrow(
        "select * from draws where community = $1 and draw_id = $2 for update", community, draw_id
    )
    return None if row is None else _draw(row)


async def lock_due(conn: Connection, *, now: datetime) -> Draw | None:
    """A draw whose time is over and whose tickets are not frozen, locked."""
    row = await conn.fetchrow(
        "select * from draws where state = 'open' and closes_at <= $1 order by closes_at limit 1"
        " for update skip locked",
        now,
    )
    return None if row is None else _draw(row)


async def set_draw(conn: Connection, draw: Draw) -> None:
    """Write what became of a draw, which is locked."""
    await conn.execute(
        """
        update draws set state = $3, frozen_at = $4, tickets_count = $5, tickets_sha256 = $6, drawn_at = $7
        where community = $1 and draw_id = $2
        """,
        draw.community,
        draw.draw_id,
        draw.state,
        draw.frozen_at,
        draw.tickets_count,
        draw.tickets_sha256,
        draw.drawn_at,
    )


async def count_tickets(conn: Connection, *, community: str, draw_id: str) -> int:
    """How many tickets there are."""
    count: int = await conn.fetchval(
        "select count(*) from draw_tickets where community = $1 and draw_id = $2", community, draw_id
    )
    return count


async def add_ticket(conn: Connection, *, community: str, draw_id: str, ticket: Ticket, at: datetime) -> bool:
    """Add a ticket; False where it is there."""
    added = await conn.fetchval(
        """
        insert into draw_tickets (community, draw_id, ticket_id, member_id, added_at) values ($1, $2, $3, $4, $5)
        on conflict do nothing returning true
        """,
        community,
        draw_id,
        ticket.ticket,
        ticket.member,
        at,
    )
    return bool(added)


async def drop_tickets(conn: Connection, *, community: str, ticket_ids: Collection[str]) -> int:
    """Delete tickets of draws that are open; how many."""
    gone = await conn.fetch(
        """
        delete from draw_tickets t using draws d
        where t.community = $1 and t.ticket_id = any($2::uuid[]) and d.community = t.community
            and d.draw_id = t.draw_id and d.state = 'open'
        returning t.ticket_id
        """,
        community,
        list(ticket_ids),
    )
    return len(gone)


async def load_tickets(conn: Connection, *, community: str, draw_id: str) -> list[Ticket]:
    """The tickets of a draw by their ids; frozen ones by the person whom their member was then."""
    rows = await conn.fetch(
        """
        select t.ticket_id, coalesce(t.holder_id, m.head_id, t.member_id) as holder_id
        from draw_tickets t left join merges m using (community, member_id)
        where t.community = $1 and t.draw_id = $2 order by t.ticket_id
        """,
        community,
        draw_id,
    )
    return [Ticket(str(row["ticket_id"]), str(row["holder_id"])) for row in rows]


async def set_holders(conn: Connection, *, community: str, draw_id: str, tickets: Sequence[Ticket]) -> None:
    """Fix whose tickets are."""
    await conn.execute(
        """
        update draw_tickets t set holder_id = k.holder_id
        from unnest($3::uuid[], $4::uuid[]) as k(ticket_id, holder_id)
        where t.community = $1 and t.draw_id = $2 and t.ticket_id = k.ticket_id
        """,
        community,
        draw_id,
        [one.ticket for one in tickets],
        [one.member for one in tickets],
    )


async def count_of_members(conn: Connection, *, community: str, member_ids: Collection[str]) -> dict[str, int]:
    """How many tickets members have, by draw."""
    rows = await conn.fetch(
        """
        select draw_id, count(*) as tickets from draw_tickets
        where community = $1 and member_id = any($2::uuid[]) group by draw_id
        """,
        community,
        list(member_ids),
    )
    return {row["draw_id"]: row["tickets"] for row in rows}


async def add_winners(conn: Connection, *, community: str, draw_id: str, winners: Sequence[Winner]) -> None:
    """Keep who won."""
    await conn.execute(
        """
        insert into draw_winners (community, draw_id, place, ticket_id, member_id, won, redemption_id)
        select $1, $2, * from unnest($3::int[], $4::uuid[], $5::uuid[], $6::text[], $7::uuid[])
        """,
        community,
        draw_id,
        [one.place for one in winners],
        [one.ticket_id for one in winners],
        [one.member_id for one in winners],
        [one.won for one in winners],
        [one.redemption_id for one in winners],
    )


async def load_winners(
    conn: Connection, *, community: str, draw_id: str, passed_over: bool = False
) -> list[Winner]:
    """Who won, first prize first, with their names to show; or who would have, and was suspended."""
    rows = await conn.fetch(
        """
        select w.*, n.name from draw_winners w left join followed_members n using (community, member_id)
        where w.community = $1 and w.draw_id = $2 and (w.won = 'suspended') = $3 order by w.place
        """,
        community,
        draw_id,
        passed_over,
    )
    return [
        Winner(
            row["place"],
            str(row["ticket_id"]),
            str(row["member_id"]),
            Won(row["won"]),
            None if row["redemption_id"] is None else str(row["redemption_id"]),
            row["name"],
        )
        for row in rows
    ]


def _draw(row: Record) -> Draw:
    return Draw(
        row["community"],
        row["draw_id"],
        row["title"],
        row["description"],
        row["reward_id"],
        row["winners_count"],
        row["closes_at"],
        DrawState(row["state"]),
        row["seed"],
        row["frozen_at"],
        row["tickets_count"],
        row["tickets_sha256"],
        row["drawn_at"],
        row["ends_on"],
    )
