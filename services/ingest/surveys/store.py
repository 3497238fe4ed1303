"""The SQL of who is asked, who has answered, and anonymous answers that wait to be counted together."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from asyncpg import Record

from services.ingest.measuring.domain.texts import KeptText, Sealed
from services.ingest.surveys.domain import AnswerInWords, Invitation, Person, WordsPlace
from shared.postgres import Connection


class Round(NamedTuple):
    """How far the members of a community were asked in a month or quarter."""

    community: str
    survey_id: str
    starts_on: date
    after_member: str
    is_done: bool
    advanced_at: datetime


class Waiting(NamedTuple):
    """How many anonymous answers of a survey wait, and the day on which some were last counted."""

    community: str
    survey_id: str
    answers: int
    counted_on: date | None


async def load_persons(
    conn: Connection, *, keys: Collection[tuple[str, str]], now: datetime
) -> dict[tuple[str, str], Person]:
    """What is known of members, by community and id, whom a survey might ask."""
    rows = await conn.fetch(
        """
        select k.community, k.member_id::text, h.member_id::text as head_id,
            h.bot_by is null and h.erased_at is null and h.departed_by is null as is_here,
            exists (select from suspensions s where s.community = k.community and s.member_id = any(p.persons)
                and s.stands and s.starts_at <= $3 and (s.ends_at is null or s.ends_at > $3)) as is_suspended,
            array(select f.audience_id from followed_audiences f
                where f.community = k.community and f.member_id = h.member_id and f.is_in) as audiences,
            (select max(i.asked_at) from survey_invitations i
                where i.community = k.community and i.member_id = any(p.persons)) as asked_at,
            (select value #>> '{}' from dated_facts d
                where d.community = h.community and d.member_id = any(p.persons) and d.kind = 'language'
                    and d.since <= $3 order by d.since desc, d.said_at desc limit 1) as language
        from unnest($1::text[], $2::uuid[]) as k(community, member_id)
        left join merges g using (community, member_id)
        join members h on h.community = k.community and h.member_id = coalesce(g.head_id, k.member_id)
        cross join lateral (
            select array(select h.member_id union all select m.member_id from merges m
                where m.community = k.community and m.head_id = h.member_id) as persons) p
        """,
        [community for community, _ in keys],
        [member_id for _, member_id in keys],
        now,
    )
    return {
        (row["community"], row["member_id"]): Person(
            row["member_id"],
            row["head_id"],
            row["is_here"],
            row["is_suspended"],
            frozenset(row["audiences"]),
            row["asked_at"],
            row["language"],
        )
        for row in rows
    }


async def page_of_members(conn: Connection, *, community: str, after: str, limit_count: int) -> list[str]:
    """Members of a community who are themselves, in the order of their ids, behind one."""
    rows = await conn.fetch(
        """
        select m.member_id::text from members m
        left join merges g on g.community = m.community and g.member_id = m.member_id
        where m.community = $1 and m.member_id > $2::text::uuid and m.erased_at is null and g.head_id is null
        order by m.member_id limit $3
        """,
        community,
        after,
        limit_count,
    )
    return [row["member_id"] for row in rows]


async def load_rounds(
    conn: Connection, *, wanted: Collection[tuple[str, str, date]]
) -> dict[tuple[str, str], Round]:
    """How far rounds are, by community and survey."""
    rows = await conn.fetch(
        """
        select r.community, r.survey_id, r.starts_on, r.after_member::text, r.is_done, r.advanced_at
        from unnest($1::text[], $2::text[], $3::date[]) as k(community, survey_id, starts_on)
        join survey_rounds r using (community, survey_id, starts_on)
        """,
        [community for community, _, _ in wanted],
        [survey_id for _, survey_id, _ in wanted],
        [starts_on for _, _, starts_on in wanted],
    )
    return {(row["community"], row["survey_id"]): Round(*row) for row in rows}


async def put_round(conn: Connection, at: Round) -> None:
    """Keep how far a round is."""
    await conn.execute(
        """
        insert into survey_rounds (community, survey_id, starts_on, after_member, is_done, advanced_at)
        values ($1, $2, $3, $4::text::uuid, $5, $6)
        on conflict (community, survey_id, starts_on) do update set after_member = excluded.after_member,
            is_done = excluded.is_done, advanced_at = excluded.advanced_at
        """,
        *at,
    )


async def add_invitations(conn: Connection, *, invitations: Sequence[Invitation]) -> set[str]:
    """Add invitations of members who are not erased; return the ids of those that are new."""
    ordered = sorted(invitations, key=lambda one: (one.community, one.invitation_id))
    rows = await conn.fetch(
        """
        insert into survey_invitations (community, invitation_id, survey_id, programme_version, member_id,
            trigger, asked_at, closes_at)
        select n.* from unnest($1::text[], $2::uuid[], $3::text[], $4::int[], $5::uuid[], $6::text[],
                             $7::timestamptz[], $8::timestamptz[])
            as n(community, invitation_id, survey_id, programme_version, member_id, trigger, asked_at, closes_at)
        where not exists (select from members m
            where m.community = n.community and m.member_id = n.member_id and m.erased_at is not null)
        on conflict do nothing returning invitation_id::text
        """,
        [one.community for one in ordered],
        [one.invitation_id for one in ordered],
        [one.survey_id for one in ordered],
        [one.programme_version for one in ordered],
        [one.member_id for one in ordered],
        [one.trigger for one in ordered],
        [one.asked_at for one in ordered],
        [one.closes_at for one in ordered],
    )
    return {row["invitation_id"] for row in rows}


async def find_invitation(
    conn: Connection, *, community: str, invitation_id: str, lock: bool = False
) -> Invitation | None:
    """An invitation by its id."""
    row = await conn.fetchrow(
        f"""
        select * from survey_invitations where community = $1 and invitation_id = $2 {"for update" if lock else ""}
        """,  # noqa: S608 -- of the code
        community,
        invitation_id,
    )
    return None if row is None else _invitation(row)


async def load_open(
    conn: Connection, *, community: str, member_ids: Collection[str], now: datetime, limit_count: int
) -> list[Invitation]:
    """The open invitations of a person, those first that close first."""
    rows = await conn.fetch(
        """
        select * from survey_invitations
        where community = $1 and member_id = any($2::text[]::uuid[]) and closes_at > $3
        order by closes_at, invitation_id limit $4
        """,
        community,
        list(member_ids),
        now,
        limit_count,
    )
    return [_invitation(row) for row in rows]


async def set_answered(conn: Connection, invitation: Invitation) -> None:
    """Note that an invitation was answered, and what, where that may be known."""
    await conn.execute(
        """
        update survey_invitations set answered_on = $3, answers_count = $4, score = $5, choice = $6, words_uid = $7
        where community = $1 and invitation_id = $2
        """,
        invitation.community,
        invitation.invitation_id,
        invitation.answered_on,
        invitation.answers_count,
        invitation.score,
        invitation.choice,
        invitation.words_uid,
    )


async def page_of_words(
    conn: Connection, *, community: str, survey_id: str, after: WordsPlace | None, limit_count: int
) -> list[AnswerInWords]:
    """Answers by name that have words, while these are kept; the last day first."""
    rows = await conn.fetch(
        """
        select i.invitation_id::text, i.answered_on, i.score, i.choice, m.member_id::text as by_id, m.name,
            d.idea_id::text as idea_id, t.event_type, t.received_at, t.key_id, t.sealed,
            t.event_uid::text as event_uid, t.member_id::text as written_by
        from survey_invitations i
        join texts t on t.community = i.community and t.event_uid = i.words_uid
        left join merges g on g.community = i.community and g.member_id = i.member_id
        join members m on m.community = i.community and m.member_id = coalesce(g.head_id, i.member_id)
        left join ideas d on d.community = i.community and d.answer_uid = i.words_uid
        where i.community = $1 and i.survey_id = $2 and i.words_uid is not null
            and ($3::date is null or (i.answered_on, i.invitation_id) < ($3, $4::text::uuid))
        order by i.answered_on desc, i.invitation_id desc limit $5
        """,
        community,
        survey_id,
        *(after or (None, None)),
        limit_count,
    )
    return [_in_words(community, row) for row in rows]


def _in_words(community: str, row: Record) -> AnswerInWords:
    text = KeptText(
        community=community,
        event_uid=row["event_uid"],
        member_id=row["written_by"],
        event_type=row["event_type"],
        received_at=row["received_at"],
        content=Sealed(row["key_id"], row["sealed"]),
        measures=None,
    )
    return AnswerInWords(
        row["invitation_id"],
        row["answered_on"],
        row["score"],
        row["choice"],
        row["by_id"],
        row["name"],
        row["idea_id"],
        text,
    )


async def add_waiting(conn: Connection, *, community: str, survey_id: str, answer_id: str, answer: str) -> None:
    """Have an anonymous answer wait until it is counted with others."""
    await conn.execute(
        "insert into survey_answers_waiting (community, survey_id, answer_id, answer) values ($1, $2, $3, $4)",
        community,
        survey_id,
        answer_id,
        answer,
    )


async def load_waiting(conn: Connection, *, least_count: int) -> list[Waiting]:
    """The surveys of which at least so many answers wait."""
    rows = await conn.fetch(
        """
        select w.community, w.survey_id, w.count, c.counted_on from (
            select community, survey_id, count(*)::int from survey_answers_waiting group by 1, 2) w
        left join survey_counts c using (community, survey_id)
        where w.count >= $1 order by c.counted_on nulls first, 1, 2
        """,
        least_count,
    )
    return [Waiting(*row) for row in rows]


async def take_waiting(
    conn: Connection, *, community: str, survey_id: str, counted_on: date, at_least: int, limit_count: int
) -> dict[str, str]:
    """Take anonymous answers of a survey that wait, by ids that are drawn by lot, and note the day.

    Where there are not `at_least` so many, none.
    """
    rows = await conn.fetch(
        """
        delete from survey_answers_waiting w using (
            select answer_id from survey_answers_waiting
            where community = $1 and survey_id = $2 order by answer_id limit $3 for update) t
        where (select count(*) from survey_answers_waiting where community = $1 and survey_id = $2) >= $4
            and w.community = $1 and w.survey_id = $2 and w.answer_id = t.answer_id
        returning w.answer_id::text, w.answer
        """,
        community,
        survey_id,
        limit_count,
        at_least,
    )
    await put_counted(conn, community=community, survey_id=survey_id, counted_on=counted_on)
    return {row["answer_id"]: row["answer"] for row in rows}


async def put_counted(conn: Connection, *, community: str, survey_id: str, counted_on: date) -> None:
    """Note the last day on which answers of a survey were counted."""
    await conn.execute(
        """
        insert into survey_counts as c (community, survey_id, counted_on) values ($1, $2, $3)
        on conflict (community, survey_id) do update set counted_on = greatest(c.counted_on, excluded.counted_on)
        """,
        community,
        survey_id,
        counted_on,
    )


async def find_counted(conn: Connection, *, community: str, survey_id: str) -> date | None:
    """The last day on which answers of a survey were counted."""
    found: date | None = await conn.fetchval(
        "select counted_on from survey_counts where community = $1 and survey_id = $2", community, survey_id
    )
    return found


async def close_unanswered(
    conn: Connection, *, community: str, survey_id: str, asked_until: datetime, at: datetime
) -> None:
    """Have invitations of a survey that were not answered be over at a time, where they were asked until then."""
    await conn.execute(
        """
        update survey_invitations set closes_at = least(closes_at, $4)
        where community = $1 and survey_id = $2 and answers_count = 0 and asked_at <= $3
        """,
        community,
        survey_id,
        asked_until,
        at,
    )


async def delete_waiting(conn: Connection, *, community: str, survey_id: str, answer_ids: Collection[str]) -> int:
    """Forget answers that were counted, as was told before the database was restored; how many there were."""
    status: str = await conn.execute(
        """
        delete from survey_answers_waiting
        where community = $1 and survey_id = $2 and answer_id = any($3::text[]::uuid[])
        """,
        community,
        survey_id,
        list(answer_ids),
    )
    return int(status.rsplit(" ", 1)[1])


async def delete_audiences_of_erased(conn: Connection, *, members: Mapping[str, Collection[str]]) -> None:
    """Forget in which audiences members are who were erased, of these, by community."""
    for community in sorted(members):
        await conn.execute(
            """
            delete from followed_audiences f using members m
            where f.community = $1 and f.member_id = any($2::text[]::uuid[])
                and m.community = f.community and m.member_id = f.member_id and m.erased_at is not null
            """,
            community,
            sorted(members[community]),
        )


def _invitation(row: Record) -> Invitation:
    return Invitation(
        row["community"],
        str(row["invitation_id"]),
        row["survey_id"],
        row["programme_version"],
        str(row["member_id"]),
        row["trigger"],
        row["asked_at"],
        row["closes_at"],
        row["answered_on"],
        row["answers_count"],
        row["score"],
        row["choice"],
    )
