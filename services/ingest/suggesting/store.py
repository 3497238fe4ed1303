"""The SQL of who suggests and votes how often, and of whom to tell how a suggestion goes on."""

from collections.abc import Sequence
from datetime import date, datetime

from services.ingest.ideas import store as ideas_store
from services.ingest.ideas.domain import Idea, IdeaState, Vote
from services.ingest.suggesting.domain import GoOn, Untold
from shared.postgres import Connection

_UNTOLD = """
    select m.community, m.idea_id::text, m.number, m.state, coalesce(m.note, '') as note, i.author_id::text,
        m.told_after::text
    from idea_moves m join ideas i using (community, idea_id)
    where not m.is_told
"""


async def lock_suggester(conn: Connection, *, community: str, member_id: str) -> None:
    """Have whatever else the same person suggests or votes for wait until this transaction ends."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 1))", f"ideas {community} {member_id}")


async def is_suspended(conn: Connection, *, community: str, member_ids: Sequence[str], now: datetime) -> bool:
    """Whether one of these is suspended now."""
    found: bool = await conn.fetchval(
        """
        select exists (
            select from suspensions
            where community = $1 and member_id = any($2::uuid[]) and stands and starts_at <= $3
                and (ends_at is null or ends_at > $3))
        """,
        community,
        list(member_ids),
        now,
    )
    return found


async def count_suggested(conn: Connection, *, community: str, member_ids: Sequence[str], on: date) -> int:
    """How many suggestions somebody made on a day, by all ids of theirs; what was taken back counts."""
    found: int = await conn.fetchval(
        "select count(*) from ideas where community = $1 and author_id = any($2::uuid[]) and made_on = $3",
        community,
        list(member_ids),
        on,
    )
    return found


async def count_voted(conn: Connection, *, community: str, member_ids: Sequence[str], on: date) -> int:
    """For how many suggestions somebody voted last on a day; what was withdrawn counts."""
    found: int = await conn.fetchval(
        "select count(*) from idea_votes where community = $1 and member_id = any($2::uuid[]) and voted_on = $3",
        community,
        list(member_ids),
        on,
    )
    return found


async def find_of_answer(conn: Connection, *, community: str, answer_uid: str) -> Idea | None:
    """The suggestion that was made of an answer to a survey."""
    found = await conn.fetchval(
        "select idea_id::text from ideas where community = $1 and answer_uid = $2", community, answer_uid
    )
    return None if found is None else await ideas_store.find_idea(conn, community=community, idea_id=found)


async def load_votes(conn: Connection, *, community: str, idea_id: str, member_ids: Sequence[str]) -> list[Vote]:
    """What somebody said of a suggestion, by all ids of theirs."""
    rows = await conn.fetch(
        """
        select idea_id::text, member_id::text, number, event_uid::text, is_given, voted_at, voted_on
        from idea_votes where community = $1 and idea_id = $2 and member_id = any($3::uuid[])
        order by member_id
        """,
        community,
        idea_id,
        list(member_ids),
    )
    return [Vote(*row) for row in rows]


async def set_withdrawn(conn: Connection, *, community: str, idea_id: str, member_ids: Sequence[str]) -> None:
    """Withdraw the votes of somebody for a suggestion, by all ids of theirs."""
    await conn.execute(
        """
        update idea_votes set is_given = false
        where community = $1 and idea_id = $2 and member_id = any($3::uuid[]) and is_given
        """,
        community,
        idea_id,
        list(member_ids),
    )


async def add_move(conn: Connection, *, community: str, wanted: GoOn, number: int, at: datetime) -> None:
    """Have a suggestion go on; of one that is joined, what was joined to it is joined to the other too."""
    await conn.execute(
        """
        update ideas set state = $3, joined_to = $4, moves_count = $5, moved_at = $6
        where community = $1 and idea_id = $2
        """,
        community,
        wanted.idea_id,
        wanted.state,
        wanted.joined_to,
        number,
        at,
    )
    if wanted.joined_to is not None:
        await conn.execute(
            "update ideas set joined_to = $3 where community = $1 and joined_to = $2",
            community,
            wanted.idea_id,
            wanted.joined_to,
        )
    await conn.execute(
        """
        insert into idea_moves (community, idea_id, number, state, note, joined_to, moved_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        """,
        community,
        wanted.idea_id,
        number,
        wanted.state,
        wanted.note,
        wanted.joined_to,
        at,
    )


async def count_joined(conn: Connection, *, community: str, idea_ids: Sequence[str]) -> int:
    """How many suggestions are joined to these."""
    found: int = await conn.fetchval(
        "select count(*) from ideas where community = $1 and joined_to = any($2::uuid[])",
        community,
        list(idea_ids),
    )
    return found


async def find_untold(conn: Connection) -> Untold | None:
    """The step that waits longest to be told."""
    row = await conn.fetchrow(f"{_UNTOLD} order by m.moved_at, m.community, m.idea_id, m.number limit 1")
    return None if row is None else Untold(*row)._replace(state=IdeaState(row["state"]))


async def lock_untold(conn: Connection, step: Untold) -> Untold | None:
    """A step as it is, locked until the transaction ends; None when it is told meanwhile, or somebody tells it."""
    row = await conn.fetchrow(
        f"{_UNTOLD} and m.community = $1 and m.idea_id = $2 and m.number = $3 for update of m skip locked",
        step.community,
        step.idea_id,
        step.number,
    )
    return None if row is None else Untold(*row)._replace(state=IdeaState(row["state"]))


async def page_of_told(conn: Connection, step: Untold, *, limit_count: int) -> list[str]:
    """Whom a step is told next: who suggested it or what is joined to it, and who voted for one of these.

    People, each once, by the ids that they have now, in the order of these.
    """
    rows = await conn.fetch(
        """
        with meant as (
            select $2::uuid as idea_id
            union all select idea_id from ideas where community = $1 and joined_to = $2)
        select distinct coalesce(g.head_id, p.member_id) as member_id
        from (
            select v.member_id from idea_votes v join meant using (idea_id) where v.community = $1 and v.is_given
            union all select i.author_id from ideas i join meant using (idea_id) where i.community = $1) p
        left join merges g on g.community = $1 and g.member_id = p.member_id
        where coalesce(g.head_id, p.member_id) > $3::uuid
        order by 1 limit $4
        """,
        step.community,
        step.idea_id,
        step.told_after,
        limit_count,
    )
    return [str(row["member_id"]) for row in rows]


async def set_told(conn: Connection, step: Untold, *, after: str, is_told: bool) -> None:
    """Note up to whom a step was told."""
    await conn.execute(
        """
        update idea_moves set told_after = $4, is_told = $5
        where community = $1 and idea_id = $2 and number = $3
        """,
        step.community,
        step.idea_id,
        step.number,
        after,
        is_told,
    )
