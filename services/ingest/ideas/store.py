"""The SQL of suggestions: as they stand, their votes, and how they went on."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from asyncpg import Record

from services.ingest.ideas.domain import Idea, IdeaPlace, IdeasAsked, IdeaState, Move, ShownIdea, Sort, Vote
from services.ingest.measuring.domain.texts import KeptText, Sealed
from services.ingest.members.store.sight import UNSEEN
from services.ingest.walls.store import CaseOutcome
from shared.postgres import Connection


class Changed(NamedTuple):
    """That a suggestion went on, as an event says it."""

    community: str
    idea_id: str
    state: IdeaState
    joined_to: str | None
    at: datetime


async def lock_ideas(conn: Connection, *, communities: Collection[str]) -> None:
    """Have whoever else changes suggestions or votes of these communities wait until this transaction ends.

    Whoever changes them takes this first: a vote changes itself and up to two suggestions, the second of which is
    known once the first is read, and the worker changes many at once. By rows alone each would wait for the other.
    """
    for community in sorted(communities):
        await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 1))", f"suggestions {community}")


async def load_named(conn: Connection, *, targets: Collection[tuple[str, str]]) -> set[str]:
    """The communities that have a suggestion or vote whose event is among these, each with its community."""
    rows = await conn.fetch(
        """
        with named as (select * from unnest($1::text[], $2::uuid[]) as n(community, event_uid))
        select community from named join ideas using (community, event_uid)
        union select community from named join idea_votes using (community, event_uid)
        """,
        [community for community, _ in targets],
        [uid for _, uid in targets],
    )
    return {row["community"] for row in rows}


async def put_ideas(conn: Connection, *, ideas: Sequence[Idea]) -> None:
    """Keep suggestions; of those that are there only whether a list of words has one of theirs is new."""
    ordered = sorted(ideas, key=lambda idea: (idea.community, idea.idea_id))
    await conn.execute(
        """
        insert into ideas as i (community, idea_id, event_uid, author_id, made_at, made_on, is_listed)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::date[],
                             $7::boolean[])
        on conflict (community, idea_id) do update set is_listed = i.is_listed or excluded.is_listed
        """,
        [idea.community for idea in ordered],
        [idea.idea_id for idea in ordered],
        [idea.event_uid for idea in ordered],
        [idea.author_id for idea in ordered],
        [idea.made_at for idea in ordered],
        [idea.made_on for idea in ordered],
        [idea.is_listed for idea in ordered],
    )


async def set_of_answers(conn: Connection, *, of_answers: Sequence[tuple[str, str, str]]) -> None:
    """Note of which answers to surveys suggestions were made: of community, suggestion and the answer's event.

    One answer makes one suggestion, the first that is known. Suggestions of the communities are locked.
    """
    firsts = {(community, answer_uid): idea_id for community, idea_id, answer_uid in reversed(of_answers)}
    await conn.execute(
        """
        update ideas i set answer_uid = n.answer_uid
        from unnest($1::text[], $2::uuid[], $3::uuid[]) as n(community, answer_uid, idea_id)
        where i.community = n.community and i.idea_id = n.idea_id and i.answer_uid is null
            and not exists (
                select from ideas o where o.community = n.community and o.answer_uid = n.answer_uid)
        """,
        [community for community, _ in firsts],
        [answer_uid for _, answer_uid in firsts],
        list(firsts.values()),
    )


async def put_votes(conn: Connection, *, votes: Sequence[tuple[str, Vote]]) -> None:
    """Keep votes, each with its community, unless a later one of its member for the same is there."""
    ordered = sorted(votes, key=lambda one: (one[0], one[1].idea_id, one[1].member_id, -one[1].number))
    # Of several of one member in a batch the last.
    newest = {
        (community, vote.idea_id, vote.member_id): (community, vote) for community, vote in reversed(ordered)
    }
    kept = [newest[key] for key in sorted(newest)]
    await conn.execute(
        """
        insert into idea_votes as v
            (community, idea_id, member_id, number, event_uid, is_given, voted_at, voted_on)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::int[], $5::uuid[], $6::boolean[],
                             $7::timestamptz[], $8::date[])
        on conflict (community, idea_id, member_id) do update
        set number = excluded.number, event_uid = excluded.event_uid, is_given = excluded.is_given,
            voted_at = excluded.voted_at, voted_on = excluded.voted_on
        where excluded.number > v.number
        """,
        [community for community, _ in kept],
        *([vote[part] for _, vote in kept] for part in range(7)),
    )


async def set_taken_back(conn: Connection, *, community: str, said: Mapping[str, tuple[datetime, bool]]) -> None:
    """Note of suggestions and votes, by the ids of their events, when they were last taken back or restored."""
    uids = sorted(said)
    named = (community, uids, [said[uid][0] for uid in uids], [said[uid][1] for uid in uids])
    await conn.execute(
        """
        update ideas i set is_taken_back = n.is_taken_back, said_at = n.said_at, is_stale = true
        from unnest($2::uuid[], $3::timestamptz[], $4::boolean[]) as n(event_uid, said_at, is_taken_back)
        where i.community = $1 and i.event_uid = n.event_uid and (i.said_at is null or i.said_at <= n.said_at)
        """,
        *named,
    )
    await conn.execute(
        """
        with changed as (
            update idea_votes v set is_given = not n.is_taken_back
            from unnest($2::uuid[], $3::timestamptz[], $4::boolean[]) as n(event_uid, said_at, is_taken_back)
            where v.community = $1 and v.event_uid = n.event_uid and v.is_given = n.is_taken_back
            returning v.idea_id)
        update ideas i set is_stale = true from changed c where i.community = $1 and i.idea_id = c.idea_id
        """,
        *named,
    )


async def set_changed(conn: Connection, *, changed: Sequence[Changed]) -> None:
    """Have suggestions be in the states that events say, where nothing later is known of them here."""
    for one in changed:
        await conn.execute(
            """
            with gone_on as (
                update ideas set state = $3, joined_to = $4, moved_at = $5, moves_count = moves_count + 1,
                    is_stale = true
                where community = $1 and idea_id = $2 and (moved_at is null or moved_at < $5)
                returning community, idea_id, moves_count)
            insert into idea_moves (community, idea_id, number, state, joined_to, moved_at, is_told)
            select community, idea_id, moves_count, $3, $4, $5, true from gone_on on conflict do nothing
            """,
            *one,
        )


async def set_cases(conn: Connection, *, outcomes: Sequence[CaseOutcome]) -> None:
    """Note what became of the cases of contents, where they are suggestions and nothing later is known."""
    columns = zip(*sorted(outcomes), strict=True)
    await conn.execute(
        """
        update ideas i set case_state = n.state, case_revision = n.revision
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[])
            as n(community, channel, host, object_id, state, revision)
        where i.community = n.community and i.idea_id = n.object_id::uuid and i.case_revision < n.revision
        """,
        *(list(column) for column in columns),
    )


async def find_idea(conn: Connection, *, community: str, idea_id: str) -> Idea | None:
    """One by its id."""
    row = await conn.fetchrow("select * from ideas where community = $1 and idea_id = $2", community, idea_id)
    return None if row is None else _idea(row)


async def mark_stale(conn: Connection, *, community: str, member_ids: Collection[str]) -> None:
    """Have the votes counted anew of what these members suggested or voted for."""
    await conn.execute(
        """
        update ideas i set is_stale = true
        where i.community = $1 and i.idea_id in (
            select v.idea_id from idea_votes v where v.community = $1 and v.member_id = any($2::uuid[])
            union select a.idea_id from ideas a where a.community = $1 and a.author_id = any($2::uuid[]))
        """,
        community,
        list(member_ids),
    )


async def page_of_stale(conn: Connection, *, limit_count: int) -> set[str]:
    """Communities with suggestions whose votes are to be counted anew: those of the first so many of these."""
    rows = await conn.fetch(
        "select community from ideas where is_stale order by community, idea_id limit $1", limit_count
    )
    return {row["community"] for row in rows}


async def take_stale(conn: Connection, *, communities: Collection[str], limit_count: int) -> list[tuple[str, str]]:
    """Take suggestions of these, whose ideas are locked, to count their votes anew; each with its community."""
    rows = await conn.fetch(
        """
        with stale as (
            select community, idea_id from ideas where is_stale and community = any($2::text[])
            order by community, idea_id limit $1)
        update ideas i set is_stale = false from stale s
        where i.community = s.community and i.idea_id = s.idea_id
        returning i.community, i.idea_id::text, coalesce(i.joined_to, i.idea_id)::text as head_id
        """,
        limit_count,
        sorted(communities),
    )
    return sorted({(row["community"], one) for row in rows for one in (row["idea_id"], row["head_id"])})


async def count_votes(conn: Connection, *, ideas: Collection[tuple[str, str]]) -> None:
    """Count who voted for suggestions: each person once, with those who voted for what is joined to one, or
    suggested that; never its own author."""
    ordered = sorted(ideas)
    await conn.execute(
        """
        update ideas i set votes_count = c.votes
        from unnest($1::text[], $2::uuid[]) as w(community, idea_id)
        join ideas o on o.community = w.community and o.idea_id = w.idea_id
        left join merges om on om.community = o.community and om.member_id = o.author_id
        cross join lateral (
            select count(distinct coalesce(m.head_id, v.member_id)) as votes
            from (
                select b.member_id from idea_votes b
                where b.community = w.community and b.is_given and b.idea_id in (
                    select w.idea_id
                    union all select j.idea_id from ideas j
                    where j.community = w.community and j.joined_to = w.idea_id)
                union all
                select j.author_id from ideas j
                where j.community = w.community and j.joined_to = w.idea_id and not j.is_taken_back
            ) v
            left join merges m on m.community = w.community and m.member_id = v.member_id
            where coalesce(m.head_id, v.member_id) <> coalesce(om.head_id, o.author_id)) c
        where i.community = w.community and i.idea_id = w.idea_id
        """,
        [community for community, _ in ordered],
        [idea_id for _, idea_id in ordered],
    )


async def page_of_ideas(
    conn: Connection, *, asked: IdeasAsked, after: IdeaPlace | None, limit_count: int, idea_id: str | None = None
) -> list[ShownIdea]:
    """Suggestions in their order: without those of members who are hidden or want no part in what others see."""
    by_votes = asked.sort is Sort.VOTES
    order = "i.votes_count desc, i.idea_id desc" if by_votes else "i.idea_id desc"
    beyond = (
        "(i.votes_count, i.idea_id) < ($6::int, $7::uuid)"
        if by_votes
        else "$6::int is not null and i.idea_id < $7::uuid"
    )
    rows = await conn.fetch(
        f"""
        select i.*, a.member_id as author, a.name as author_name,
            exists (select from idea_votes v where v.community = i.community and v.idea_id = i.idea_id
                and v.member_id = any($4::uuid[]) and v.is_given) as has_voted,
            t.event_type, t.received_at, t.key_id, t.sealed, t.member_id as written_by
        from ideas i
        left join merges am on am.community = i.community and am.member_id = i.author_id
        join members a on a.community = i.community and a.member_id = coalesce(am.head_id, i.author_id)
        left join texts t on t.community = i.community and t.event_uid = i.event_uid
        where i.community = $1
            and ($9::uuid is not null or case when $2::text is null then i.state <> 'joined' else i.state = $2 end)
            and ($3::uuid[] is null or i.author_id = any($3))
            and ($5 or i.author_id = any($4::uuid[])
                or (i.is_shown and not {UNSEEN.format(member="a")}))
            and ($7::uuid is null or {beyond})
            and ($9::uuid is null or i.idea_id = $9)
        order by {order} limit $8
        """,  # noqa: S608 -- of the code
        asked.community,
        asked.state,
        None if asked.author_ids is None else list(asked.author_ids),
        list(asked.own_ids),
        asked.is_whole,
        *(after or (None, None)),
        limit_count,
        idea_id,
    )
    return [_shown(row) for row in rows]


async def load_moves(conn: Connection, *, community: str, idea_id: str, limit_count: int) -> list[Move]:
    """How a suggestion went on, oldest first."""
    rows = await conn.fetch(
        """
        select number, state, note, joined_to::text, moved_at from idea_moves
        where community = $1 and idea_id = $2 order by number limit $3
        """,
        community,
        idea_id,
        limit_count,
    )
    return [
        Move(row["number"], IdeaState(row["state"]), row["note"], row["joined_to"], row["moved_at"])
        for row in rows
    ]


def _idea(row: Record) -> Idea:
    return Idea(
        community=row["community"],
        idea_id=str(row["idea_id"]),
        event_uid=str(row["event_uid"]),
        author_id=str(row["author_id"]),
        made_at=row["made_at"],
        made_on=row["made_on"],
        state=IdeaState(row["state"]),
        joined_to=None if row["joined_to"] is None else str(row["joined_to"]),
        moves_count=row["moves_count"],
        moved_at=row["moved_at"],
        votes_count=row["votes_count"],
        is_listed=row["is_listed"],
        is_taken_back=row["is_taken_back"],
        is_shown=row["is_shown"],
        case_state=row["case_state"],
    )


def _shown(row: Any) -> ShownIdea:
    idea = _idea(row)
    text = None
    if row["sealed"] is not None:
        text = KeptText(
            community=idea.community,
            event_uid=idea.event_uid,
            member_id=None if row["written_by"] is None else str(row["written_by"]),
            event_type=row["event_type"],
            received_at=row["received_at"],
            content=Sealed(row["key_id"], row["sealed"]),
            measures=None,
        )
    return ShownIdea(idea, str(row["author"]), row["author_name"], row["has_voted"], text)
