"""The SQL of cases, of what was said in them, and of acceptances."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from services.scoring.guidelines.domain.cases import Acceptance, Case, CasePlace, CaseState, Reporter
from services.scoring.guidelines.domain.said import Content, Kind, Word
from services.scoring.programmes.domain.publication import Author
from shared.postgres import Connection

_WORD_COLUMNS = (
    *("community", "word_id", "kind", "ref", "about", "said_at", "said_id", "by_member", "by_person", "by_name"),
    *("by_credential", "member_id", "channel", "host", "object_id", "outcome", "category", "reason", "note"),
    *("ends_at", "programme_version", "repeat_count", "penalty_points", "suspended_days", "appeal_until"),
    "is_retracted",
)
_WORD_NAMES = ", ".join(_WORD_COLUMNS)
_WORD_PLACES = ", ".join(f"${place}" for place in range(1, len(_WORD_COLUMNS) + 1))
_CASE_NAMES = (
    "community, case_id, channel, host, object_id, member_id, state, revision, category, report_count, opened_at,"
    " due_at, decided_at, is_due"
)


async def add_words(conn: Connection, *, words: Sequence[Word]) -> None:
    """Keep what was said; what is known stays as it is."""
    await conn.executemany(
        f"insert into guideline_words ({_WORD_NAMES}) values ({_WORD_PLACES}) on conflict do nothing",  # noqa: S608 -- constants
        [_values(word) for word in words],
    )


async def set_retracted(
    conn: Connection, *, community: str, retracted: Mapping[str, bool]
) -> list[tuple[Kind, str]]:
    """Note of words, by their ids, whether they were taken back; returns their kinds, and what they are about."""
    rows = await conn.fetch(
        """
        update guideline_words w set is_retracted = n.is_retracted
        from unnest($2::uuid[], $3::bool[]) as n(word_id, is_retracted)
        where w.community = $1 and w.word_id = n.word_id returning w.kind, w.about
        """,
        community,
        list(retracted),
        list(retracted.values()),
    )
    return [(Kind(row["kind"]), str(row["about"])) for row in rows]


async def set_settled(conn: Connection, word: Word) -> None:
    """Note what follows from a decision."""
    await conn.execute(
        """
        update guideline_words set repeat_count = $3, penalty_points = $4, suspended_days = $5, appeal_until = $6,
            programme_version = $7
        where community = $1 and word_id = $2
        """,
        word.community,
        word.word_id,
        word.repeat_count,
        word.penalty_points,
        word.suspended_days,
        word.appeal_until,
        word.programme_version,
    )


async def load_words(conn: Connection, *, community: str, case_id: str) -> list[Word]:
    """All that was said in a case: of its content, of its decisions, and of appeals against them."""
    rows = await conn.fetch(
        f"""
        with recursive said as (
            select {_WORD_NAMES} from guideline_words where about = $2 and community = $1
            union
            select {", ".join(f"w.{name}" for name in _WORD_COLUMNS)} from guideline_words w
            join said s on w.about = s.ref and w.community = $1
            where s.kind in ('decision', 'appeal') and w.kind in ('appeal', 'appeal_decision'))
        select * from said order by said_at, said_id, word_id
        """,  # noqa: S608 -- constants
        community,
        case_id,
    )
    return [_word(row) for row in rows]


async def load_lifts(conn: Connection, *, community: str, suspension_ids: Collection[str]) -> list[Word]:
    """When suspensions were lifted, and by whom."""
    rows = await conn.fetch(
        "select * from guideline_words where about = any($2::uuid[]) and community = $1 and kind = 'lift'",
        community,
        list(suspension_ids),
    )
    return [_word(row) for row in rows]


async def load_words_by_id(conn: Connection, *, community: str, word_ids: Collection[str]) -> dict[str, Word]:
    """Words, by their ids."""
    rows = await conn.fetch(
        "select * from guideline_words where community = $1 and word_id = any($2::uuid[])",
        community,
        list(word_ids),
    )
    return {str(row["word_id"]): _word(row) for row in rows}


async def find_cases_above(conn: Connection, *, community: str, abouts: Collection[str]) -> list[str]:
    """The cases that what is said of a case, a decision or an appeal belongs to, as far as they are known."""
    rows = await conn.fetch(
        """
        with recursive above as (
            select unnest($2::uuid[]) as id
            union
            select w.about from above a join guideline_words w on w.ref = a.id and w.community = $1)
        select c.case_id from guideline_cases c join above a on c.case_id = a.id
        where c.community = $1 order by 1
        """,
        community,
        list(abouts),
    )
    return [str(row["case_id"]) for row in rows]


async def add_due(conn: Connection, *, contents: Mapping[str, tuple[Content, datetime]], due_at: datetime) -> None:
    """Have cases worked out, by their ids; those not there yet are open, since that time."""
    for case_id, (content, opened_at) in sorted(contents.items()):
        await conn.execute(
            """
            insert into guideline_cases (community, case_id, channel, host, object_id, state, revision,
                                         report_count, opened_at, due_at, is_due)
            values ($1, $2, $3, $4, $5, 'open', 1, 0, $6, $7, true)
            on conflict (case_id, community) do update set is_due = true
            """,
            content.community,
            case_id,
            content.channel,
            content.host,
            content.object_id,
            opened_at,
            due_at,
        )


async def set_due(conn: Connection, *, community: str, case_ids: Collection[str]) -> None:
    """Have cases worked out anew that are there."""
    await conn.execute(
        "update guideline_cases set is_due = true where community = $1 and case_id = any($2::uuid[])",
        community,
        sorted(case_ids),
    )


async def find_next_due(conn: Connection) -> tuple[str, str] | None:
    """Community and id of a case that is to be worked out."""
    row = await conn.fetchrow(
        "select community, case_id from guideline_cases where is_due order by community, case_id limit 1"
    )
    return None if row is None else (row["community"], str(row["case_id"]))


async def lock_case(conn: Connection, *, community: str, case_id: str) -> Case | None:
    """A case as it is kept, locked until the transaction ends."""
    row = await conn.fetchrow(
        "select * from guideline_cases where community = $1 and case_id = $2 for update", community, case_id
    )
    return None if row is None else _case(row)


async def find_case(conn: Connection, *, community: str, case_id: str) -> Case | None:
    """A case as it is kept."""
    row = await conn.fetchrow(
        "select * from guideline_cases where community = $1 and case_id = $2", community, case_id
    )
    return None if row is None else _case(row)


async def put_case(conn: Connection, case: Case) -> None:
    """Store a case as it is now; of one that is there only a revision that is not lower."""
    await conn.execute(
        f"""
        insert into guideline_cases as c ({_CASE_NAMES})
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        on conflict (case_id, community) do update set member_id = excluded.member_id, state = excluded.state,
            revision = excluded.revision, category = excluded.category, report_count = excluded.report_count,
            opened_at = excluded.opened_at, due_at = excluded.due_at, decided_at = excluded.decided_at,
            is_due = excluded.is_due
        where excluded.revision >= c.revision
        """,  # noqa: S608 -- constants
        case.content.community,
        case.case_id,
        case.content.channel,
        case.content.host,
        case.content.object_id,
        case.member_id,
        case.state,
        case.revision,
        case.category,
        case.report_count,
        case.opened_at,
        case.due_at,
        case.decided_at,
        case.is_due,
    )


async def page_of_cases(
    conn: Connection,
    *,
    community: str,
    states: Sequence[CaseState],
    member_ids: Sequence[str] | None,
    newest_first: bool,
    after: CasePlace | None,
    limit: int,
) -> list[Case]:
    """Cases in these states, of a community or of members who are one person, by when they are due."""
    order, beyond = ("desc", "<") if newest_first else ("asc", ">")
    rows = await conn.fetch(
        f"""
        select * from guideline_cases
        where community = $1 and state = any($2::text[]) and ($3::uuid[] is null or member_id = any($3))
            and ($4::timestamptz is null or (due_at, case_id) {beyond} ($4, $5::uuid))
        order by due_at {order}, case_id {order} limit $6
        """,  # noqa: S608 -- from two constants
        community,
        list(states),
        None if member_ids is None else list(member_ids),
        *(after or (None, None)),
        limit,
    )
    return [_case(row) for row in rows]


async def count_upheld(
    conn: Connection,
    *,
    community: str,
    member_ids: Sequence[str],
    but: str,
    since: datetime,
    until: datetime,
) -> int:
    """How many cases of members who are one person stand as upheld, decided in a time, but for one."""
    count: int = await conn.fetchval(
        """
        select count(*) from guideline_cases
        where community = $1 and member_id = any($2::uuid[]) and case_id <> $3 and state in ('upheld', 'appealed')
            and decided_at >= $4 and decided_at < $5
        """,
        community,
        list(member_ids),
        but,
        since,
        until,
    )
    return count


async def load_reporters(conn: Connection, *, community: str, member_ids: Collection[str]) -> dict[str, Reporter]:
    """What came of the reports of members, but for those who made none."""
    rows = await conn.fetch(
        """
        select w.by_member, count(*)::int as reports,
            (count(*) filter (where c.state in ('upheld', 'appealed')))::int as upheld,
            (count(*) filter (where c.state in ('dismissed', 'overturned')))::int as dismissed
        from guideline_words w join guideline_cases c on c.case_id = w.about and c.community = w.community
        where w.community = $1 and w.by_member = any($2::uuid[]) and w.kind = 'report' and not w.is_retracted
        group by 1
        """,
        community,
        list(member_ids),
    )
    return {str(row["by_member"]): Reporter(row["reports"], row["upheld"], row["dismissed"]) for row in rows}


async def count_waiting(conn: Connection) -> dict[str, int]:
    """How many cases wait to be decided: in time, and longer than they may."""
    row = await conn.fetchrow(
        """
        select count(*) filter (where due_at >= now()) as in_time,
            count(*) filter (where due_at < now()) as overdue
        from guideline_cases where state in ('open', 'appealed')
        """
    )
    return {} if row is None else dict(row)


async def add_acceptances(conn: Connection, *, acceptances: Sequence[Acceptance]) -> list[Acceptance]:
    """Note who accepted which version, the first time; returns those that were not known."""
    # One by one in one order: an earlier time may come later.
    added = []
    for one in sorted(acceptances):
        is_new = await conn.fetchval(
            """
            insert into guideline_acceptances as a (community, member_id, version, accepted_at)
            values ($1, $2, $3, $4)
            on conflict (community, member_id, version) do update set accepted_at = excluded.accepted_at
                where excluded.accepted_at < a.accepted_at
            returning true
            """,
            *one,
        )
        if is_new:
            added.append(one)
    return added


async def load_acceptances(conn: Connection, *, community: str, member_ids: Sequence[str]) -> list[Acceptance]:
    """What members who are one person accepted, the newest first."""
    rows = await conn.fetch(
        """
        select community, member_id, version, accepted_at from guideline_acceptances
        where community = $1 and member_id = any($2::uuid[]) order by accepted_at desc limit 200
        """,
        community,
        list(member_ids),
    )
    return [
        Acceptance(row["community"], str(row["member_id"]), row["version"], row["accepted_at"]) for row in rows
    ]


async def count_accepted(conn: Connection, *, community: str, version: str) -> int:
    """How many members accepted a version."""
    count: int = await conn.fetchval(
        "select count(*) from guideline_acceptances where community = $1 and version = $2", community, version
    )
    return count


async def erase(conn: Connection, *, members: Sequence[tuple[str, str]]) -> None:
    """Forget what members accepted, that they reported, and what was written in cases about them.

    What was decided stays, as the points do that followed from it.
    """
    arrays = [community for community, _ in members], [member_id for _, member_id in members]
    for statement in (
        "delete from guideline_acceptances a using unnest($1::text[], $2::uuid[]) as k(community, member_id)"
        " where a.community = k.community and a.member_id = k.member_id",
        "update guideline_words w set by_member = null"
        " from unnest($1::text[], $2::uuid[]) as k(community, member_id)"
        " where w.community = k.community and w.by_member = k.member_id",
        "update guideline_words w set note = null from guideline_cases c"
        " join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)"
        " where w.community = c.community and w.note is not null and w.about = c.case_id",
        "update guideline_words w set note = null from unnest($1::text[], $2::uuid[]) as k(community, member_id)"
        " where w.community = k.community and w.member_id = k.member_id and w.note is not null",
    ):
        await conn.execute(statement, *arrays)


def _values(word: Word) -> tuple[Any, ...]:
    """The values of _WORD_COLUMNS, in their order."""
    content = word.content
    return (
        word.community,
        word.word_id,
        word.kind,
        word.ref,
        word.about,
        word.said_at,
        word.said_id,
        word.by_member,
        *_author(word),
        word.member_id,
        *((None, None, None) if content is None else (content.channel, content.host, content.object_id)),
        word.outcome,
        word.category,
        word.reason,
        word.note,
        word.ends_at,
        word.programme_version,
        word.repeat_count,
        word.penalty_points,
        word.suspended_days,
        word.appeal_until,
        word.is_retracted,
    )


def _author(word: Word) -> tuple[str | None, str | None, str | None]:
    return (None, None, None) if word.by is None else (word.by.person_id, word.by.name, word.by.credential)


def _word(row: Record) -> Word:
    content = None
    if row["object_id"] is not None:
        content = Content(row["community"], row["channel"], row["host"], row["object_id"])
    by = None
    if row["by_name"] is not None:
        by = Author(_text(row["by_person"]), row["by_name"], row["by_credential"])
    return Word(
        community=row["community"],
        word_id=str(row["word_id"]),
        kind=Kind(row["kind"]),
        ref=str(row["ref"]),
        about=str(row["about"]),
        said_at=row["said_at"],
        said_id=row["said_id"],
        by_member=_text(row["by_member"]),
        by=by,
        member_id=_text(row["member_id"]),
        content=content,
        **{name: row[name] for name in _WORD_COLUMNS[15:]},
    )


def _text(found: UUID | None) -> str | None:
    return None if found is None else str(found)


def _case(row: Record) -> Case:
    return Case(
        content=Content(row["community"], row["channel"], row["host"], row["object_id"]),
        case_id=str(row["case_id"]),
        member_id=_text(row["member_id"]),
        state=CaseState(row["state"]),
        revision=row["revision"],
        category=row["category"],
        report_count=row["report_count"],
        opened_at=row["opened_at"],
        due_at=row["due_at"],
        decided_at=row["decided_at"],
        is_due=row["is_due"],
    )
