"""The SQL of rounds, of who is nominated in them, and of votes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from asyncpg import Record

from services.ingest.measuring.domain.texts import KeptText, Sealed
from services.ingest.members.store.sight import UNSEEN
from services.ingest.nominations.domain import Nomination, Result, Round, RoundPlace, Said, ShownNomination, Winner
from services.ingest.walls.store import CaseOutcome
from shared.postgres import Connection


class Vote(NamedTuple):
    """Whom a member votes for in a round, and the how manieth time."""

    member_id: str
    nomination_id: str
    number: int
    voted_at: datetime


async def add_round(conn: Connection, made: Round) -> bool:
    """Declare a round; whether it is new."""
    return bool(
        await conn.fetchval(
            """
            insert into nomination_rounds (community, round_id, title, about, starts_at, votes_from, ends_at,
                nominators, voters, winners, is_live, needs_yes, made_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict do nothing returning true
            """,
            made.community,
            made.round_id,
            made.title,
            made.about,
            made.starts_at,
            made.votes_from,
            made.ends_at,
            made.nominators,
            made.voters,
            made.winners,
            made.is_live,
            made.needs_yes,
            made.made_at,
        )
    )


async def put_round(conn: Connection, found: Round) -> None:
    """Have a round be as it was told: declared, and decided or cancelled since."""
    await add_round(conn, found)
    await conn.execute(
        """
        update nomination_rounds
        set starts_at = $3, votes_from = $4, ends_at = $5, decided_at = $6, cancelled_at = $7
        where community = $1 and round_id = $2
        """,
        found.community,
        found.round_id,
        found.starts_at,
        found.votes_from,
        found.ends_at,
        found.decided_at,
        found.cancelled_at,
    )


async def count_open_rounds(conn: Connection, *, community: str) -> int:
    """How many rounds are not over."""
    found: int = await conn.fetchval(
        """
        select count(*) from nomination_rounds
        where community = $1 and decided_at is null and cancelled_at is null
        """,
        community,
    )
    return found


async def find_round(conn: Connection, *, community: str, round_id: str, lock: str = "") -> Round | None:
    """One by its id; `lock` is how it is locked, if it is: so that nobody decides it, or for whoever does."""
    locked = {"": "", "share": "for share", "update": "for update"}[lock]
    row = await conn.fetchrow(
        f"select * from nomination_rounds where community = $1 and round_id = $2 {locked}",  # noqa: S608
        community,
        round_id,
    )
    return None if row is None else _round(row)


async def page_of_rounds(
    conn: Connection,
    *,
    community: str,
    after: RoundPlace | None,
    limit_count: int,
    cancelled: bool = True,
    undecided: bool = True,
) -> list[Round]:
    """Rounds, the newest first: with those that were given up, and with those that are not decided."""
    rows = await conn.fetch(
        """
        select * from nomination_rounds
        where community = $1 and ($2::uuid is null or round_id < $2)
            and ($4 or cancelled_at is null) and ($5 or decided_at is not null)
        order by round_id desc limit $3
        """,
        community,
        None if after is None else after.round_id,
        limit_count,
        cancelled,
        undecided,
    )
    return [_round(row) for row in rows]


async def set_cancelled(conn: Connection, *, community: str, round_id: str, at: datetime) -> None:
    """Have a round come to nothing."""
    await conn.execute(
        "update nomination_rounds set cancelled_at = $3 where community = $1 and round_id = $2",
        community,
        round_id,
        at,
    )


async def take_over(conn: Connection, *, now: datetime) -> Round | None:
    """Take a round that is over and not decided; it is locked, and others pass over it."""
    row = await conn.fetchrow(
        """
        select * from nomination_rounds where decided_at is null and cancelled_at is null and ends_at <= $1
        order by ends_at limit 1 for update skip locked
        """,
        now,
    )
    return None if row is None else _round(row)


async def add_nomination(conn: Connection, made: Nomination) -> None:
    """Keep that somebody is nominated."""
    await conn.execute(
        """
        insert into nominations (community, nomination_id, round_id, nominee_id, nominator_id, event_uid, made_at,
            is_listed)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        made.community,
        made.nomination_id,
        made.round_id,
        made.nominee_id,
        made.nominator_id,
        made.event_uid,
        made.made_at,
        made.is_listed,
    )


async def put_nomination(conn: Connection, one: Nomination) -> None:
    """Have a nomination be as it was told, with what it came to; what was decided of its words stays."""
    await conn.execute(
        """
        insert into nominations (community, nomination_id, round_id, nominee_id, nominator_id, event_uid, made_at,
            said, votes_count, place, has_won, is_listed)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        on conflict (community, nomination_id) do update
        set said = excluded.said, votes_count = excluded.votes_count, place = excluded.place,
            has_won = excluded.has_won
        """,
        one.community,
        one.nomination_id,
        one.round_id,
        one.nominee_id,
        one.nominator_id,
        one.event_uid,
        one.made_at,
        one.said,
        one.votes_count,
        one.place,
        one.has_won,
        one.is_listed,
    )


async def find_nomination(conn: Connection, *, community: str, nomination_id: str) -> Nomination | None:
    """One by its id."""
    row = await conn.fetchrow(
        "select * from nominations where community = $1 and nomination_id = $2", community, nomination_id
    )
    return None if row is None else _nomination(row)


async def set_said(conn: Connection, *, community: str, nomination_id: str, said: Said) -> None:
    """Note what a nominee says of standing."""
    await conn.execute(
        "update nominations set said = $3 where community = $1 and nomination_id = $2",
        community,
        nomination_id,
        said,
    )


async def load_shown(
    conn: Connection, *, community: str, round_id: str, now: datetime, limit_count: int
) -> list[ShownNomination]:
    """Who is nominated in a round, as they are now, in the order in which they were."""
    rows = await conn.fetch(
        f"""
        select n.*, e.member_id as nominee, e.name as nominee_name, o.member_id as nominator,
            o.name as nominator_name, {UNSEEN.format(member="e")} as is_off_boards,
            not {UNSEEN.format(member="o")} as is_nominator_shown,
            t.event_type, t.received_at, t.key_id, t.sealed, t.member_id as written_by,
            e.erased_at is null and e.bot_by is null and e.departed_by is null and e.hidden_by is null
                and not exists (
                    select from suspensions s
                    where s.community = n.community and s.stands and s.starts_at <= $3
                        and (s.ends_at is null or s.ends_at > $3)
                        and s.member_id in (
                            select e.member_id union all select g.member_id from merges g
                            where g.community = n.community and g.head_id = e.member_id)) as is_eligible
        from nominations n
        left join merges em on em.community = n.community and em.member_id = n.nominee_id
        join members e on e.community = n.community and e.member_id = coalesce(em.head_id, n.nominee_id)
        left join merges om on om.community = n.community and om.member_id = n.nominator_id
        join members o on o.community = n.community and o.member_id = coalesce(om.head_id, n.nominator_id)
        left join texts t on t.community = n.community and t.event_uid = n.event_uid
        where n.community = $1 and n.round_id = $2 order by n.nomination_id limit $4
        """,  # noqa: S608 -- a constant
        community,
        round_id,
        now,
        limit_count,
    )
    return [_shown(row) for row in rows]


async def load_winners(
    conn: Connection, *, community: str, round_ids: Sequence[str], limit_count: int
) -> dict[str, list[Winner]]:
    """Who won rounds, by round and in the order of their places: those of them whom everybody may see."""
    rows = await conn.fetch(
        f"""
        select n.round_id::text, n.place, n.votes_count, m.name
        from nominations n
        left join merges g on g.community = n.community and g.member_id = n.nominee_id
        join members m on m.community = n.community and m.member_id = coalesce(g.head_id, n.nominee_id)
        where n.community = $1 and n.round_id = any($2::uuid[]) and n.has_won and n.is_shown
            and m.erased_at is null and m.bot_by is null and m.departed_by is null
            and not {UNSEEN.format(member="m")}
        order by n.round_id desc, n.place, n.nomination_id limit $3
        """,  # noqa: S608 -- a constant
        community,
        list(round_ids),
        limit_count,
    )
    found: dict[str, list[Winner]] = {}
    for row in rows:
        found.setdefault(row["round_id"], []).append(Winner(*row))
    return found


async def count_votes(conn: Connection, *, community: str, round_id: str) -> dict[str, int]:
    """How many people vote for each nomination of a round: who is several members by what they said last.

    Nobody's vote for themselves counts, whoever they have become.
    """
    rows = await conn.fetch(
        """
        select n.nomination_id::text, count(*)::int as votes
        from (
            select distinct on (coalesce(g.head_id, v.member_id)) coalesce(g.head_id, v.member_id) as person_id,
                v.nomination_id
            from nomination_votes v left join merges g on g.community = v.community and g.member_id = v.member_id
            where v.community = $1 and v.round_id = $2
            order by coalesce(g.head_id, v.member_id), v.voted_at desc, v.member_id) last
        join nominations n on n.community = $1 and n.nomination_id = last.nomination_id
        left join merges m on m.community = $1 and m.member_id = n.nominee_id
        where coalesce(m.head_id, n.nominee_id) <> last.person_id
        group by 1
        """,
        community,
        round_id,
    )
    return {row["nomination_id"]: row["votes"] for row in rows}


async def load_votes(conn: Connection, *, community: str, round_id: str, member_ids: Sequence[str]) -> list[Vote]:
    """What somebody voted in a round, by all ids of theirs, the last first."""
    rows = await conn.fetch(
        """
        select member_id::text, nomination_id::text, number, voted_at from nomination_votes
        where community = $1 and round_id = $2 and member_id = any($3::uuid[]) order by voted_at desc, member_id
        """,
        community,
        round_id,
        list(member_ids),
    )
    return [Vote(*row) for row in rows]


async def lock_voter(conn: Connection, *, community: str, member_id: str) -> None:
    """Have whatever else the same person votes for wait until this transaction ends."""
    name = f"nominations {community} {member_id}"
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 1))", name)


async def put_vote(conn: Connection, *, community: str, round_id: str, vote: Vote) -> None:
    """Have a member vote for one in a round, in place of whom they voted for before, if it is a later vote."""
    await conn.execute(
        """
        insert into nomination_votes (community, round_id, member_id, nomination_id, number, voted_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (community, round_id, member_id) do update
        set nomination_id = excluded.nomination_id, number = excluded.number, voted_at = excluded.voted_at
        where excluded.number > nomination_votes.number
        """,
        community,
        round_id,
        *vote,
    )


async def set_results(conn: Connection, found: Round, *, results: Sequence[Result], at: datetime) -> None:
    """Have a round be decided, for good."""
    await conn.execute(
        "update nomination_rounds set decided_at = $3 where community = $1 and round_id = $2",
        found.community,
        found.round_id,
        at,
    )
    await conn.execute(
        """
        update nominations n set votes_count = r.votes, place = r.place, has_won = r.has_won
        from unnest($2::uuid[], $3::int[], $4::int[], $5::boolean[]) as r(nomination_id, votes, place, has_won)
        where n.community = $1 and n.nomination_id = r.nomination_id
        """,
        found.community,
        *([result[part] for result in results] for part in range(4)),
    )


async def set_cases(conn: Connection, *, outcomes: Sequence[CaseOutcome]) -> None:
    """Note what became of the cases of nominations, where nothing later is known."""
    columns = zip(*sorted(outcomes), strict=True)
    await conn.execute(
        """
        update nominations n set case_state = c.state, case_revision = c.revision
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[])
            as c(community, channel, host, object_id, state, revision)
        where n.community = c.community and n.nomination_id = c.object_id::uuid and n.case_revision < c.revision
        """,
        *(list(column) for column in columns),
    )


def _round(row: Record) -> Round:
    return Round(**dict(row) | {"round_id": str(row["round_id"])})


def _nomination(row: Any) -> Nomination:
    return Nomination(
        community=row["community"],
        nomination_id=str(row["nomination_id"]),
        round_id=str(row["round_id"]),
        nominee_id=str(row["nominee_id"]),
        nominator_id=str(row["nominator_id"]),
        event_uid=str(row["event_uid"]),
        made_at=row["made_at"],
        said=Said(row["said"]),
        votes_count=row["votes_count"],
        place=row["place"],
        has_won=row["has_won"],
        is_listed=row["is_listed"],
        is_shown=row["is_shown"],
    )


def _shown(row: Any) -> ShownNomination:
    nomination = _nomination(row)
    text = None
    if row["sealed"] is not None:
        text = KeptText(
            community=nomination.community,
            event_uid=nomination.event_uid,
            member_id=None if row["written_by"] is None else str(row["written_by"]),
            event_type=row["event_type"],
            received_at=row["received_at"],
            content=Sealed(row["key_id"], row["sealed"]),
            measures=None,
        )
    return ShownNomination(
        nomination,
        nominee_id=str(row["nominee"]),
        nominee_name=row["nominee_name"],
        nominator_id=str(row["nominator"]),
        nominator_name=row["nominator_name"],
        is_eligible=row["is_eligible"],
        is_off_boards=row["is_off_boards"],
        is_nominator_shown=row["is_nominator_shown"],
        text=text,
    )
