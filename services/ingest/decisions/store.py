"""The SQL of notes and decisions, of their reviews, and of what indicators aim at."""

from datetime import date, datetime
from typing import Any

from services.ingest.decisions.domain import (
    Decision,
    DecisionPlace,
    DecisionsAsked,
    DecisionStep,
    Objective,
    ObjectivePlace,
    Review,
    ShownDecision,
)
from services.ingest.measuring.domain.texts import Sealed
from shared.contracts.figures import IndicatorName
from shared.postgres import Connection


async def lock_deciding(conn: Connection, *, community: str) -> None:
    """Have whatever else is decided or aimed at in the community wait until this transaction ends."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 1))", f"decisions {community}")


async def count_made(conn: Connection, *, community: str, since: datetime) -> int:
    """How many were made since then."""
    found: int = await conn.fetchval(
        "select count(*) from decisions where community = $1 and made_at >= $2", community, since
    )
    return found


async def put_decision(conn: Connection, decision: Decision) -> None:
    """Keep it as it stands, unless a later revision is there. What was written goes once it is withdrawn."""
    await conn.execute(
        """
        insert into decisions as d (community, decision_id, revision, kind, figure, about, value, seen_on,
            review_on, state, person_id, made_at, changed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        on conflict (community, decision_id) do update
        set revision = excluded.revision, review_on = excluded.review_on, state = excluded.state,
            changed_at = excluded.changed_at,
            sealed = case when excluded.state = 'withdrawn' then null else d.sealed end
        where excluded.revision > d.revision
        """,
        decision.community,
        decision.decision_id,
        decision.revision,
        decision.kind,
        decision.figure,
        decision.about,
        decision.value,
        decision.seen_on,
        decision.review_on,
        decision.state,
        decision.person_id,
        decision.made_at,
        decision.changed_at,
    )


async def set_words(conn: Connection, *, community: str, decision_id: str, content: Sealed) -> None:
    """Keep what was written of it, sealed."""
    await conn.execute(
        "update decisions set key_id = $3, sealed = $4 where community = $1 and decision_id = $2",
        community,
        decision_id,
        *content,
    )


async def find_decision(conn: Connection, *, community: str, decision_id: str) -> Decision | None:
    """One by its id, locked until the transaction ends."""
    row = await conn.fetchrow(
        "select * from decisions where community = $1 and decision_id = $2 for update", community, decision_id
    )
    return None if row is None else _decision(row)


async def page_of_decisions(
    conn: Connection,
    *,
    asked: DecisionsAsked,
    after: DecisionPlace | None,
    limit_count: int,
    decision_id: str | None = None,
) -> list[ShownDecision]:
    """Notes and decisions, the newest first, with who made each. By its id also one that is withdrawn."""
    rows = await conn.fetch(
        """
        select d.*, p.name as person_name from decisions d left join people p on p.person_id = d.person_id
        where d.community = $1 and ($2::text[] = '{}' or d.figure = any($2)) and ($3::text is null or d.about = $3)
            and ($4::text is null or d.kind = $4)
            and ($9::uuid is not null
                or case when $5::text is null then d.state <> 'withdrawn' else d.state = $5 end)
            and ($6::date is null or d.review_on <= $6) and ($7::uuid is null or d.decision_id < $7)
            and ($9::uuid is null or d.decision_id = $9)
        order by d.decision_id desc limit $8
        """,
        asked.community,
        list(asked.figures),
        asked.about,
        asked.kind,
        asked.state,
        asked.due_by,
        None if after is None else after.decision_id,
        limit_count,
        decision_id,
    )
    return [ShownDecision(_decision(row), row["person_name"], _sealed(row)) for row in rows]


async def add_review(conn: Connection, *, community: str, decision_id: str, review: Review) -> None:
    """Keep what a review came to."""
    await conn.execute(
        """
        insert into decision_reviews (community, decision_id, number, outcome, review_on, person_id, reviewed_at,
            key_id, sealed)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        community,
        decision_id,
        review.number,
        review.outcome,
        review.review_on,
        review.person_id,
        review.reviewed_at,
        *(review.content or (None, None)),
    )


async def count_reviews(conn: Connection, *, community: str, decision_id: str) -> int:
    """The number of its last review; zero where there is none."""
    found: int = await conn.fetchval(
        "select coalesce(max(number), 0) from decision_reviews where community = $1 and decision_id = $2",
        community,
        decision_id,
    )
    return found


async def load_reviews(conn: Connection, *, community: str, decision_id: str, limit_count: int) -> list[Review]:
    """What its reviews came to, oldest first."""
    rows = await conn.fetch(
        """
        select r.*, p.name as person_name from decision_reviews r left join people p on p.person_id = r.person_id
        where r.community = $1 and r.decision_id = $2 order by r.number limit $3
        """,
        community,
        decision_id,
        limit_count,
    )
    return [
        Review(
            row["number"],
            DecisionStep(row["outcome"]),
            row["review_on"],
            _text(row["person_id"]),
            row["person_name"],
            row["reviewed_at"],
            _sealed(row),
        )
        for row in rows
    ]


async def delete_review_words(conn: Connection, *, community: str, decision_id: str) -> None:
    """Forget what was written in its reviews."""
    await conn.execute(
        "update decision_reviews set key_id = null, sealed = null where community = $1 and decision_id = $2",
        community,
        decision_id,
    )


async def add_objective(conn: Connection, one: Objective, *, community: str) -> None:
    """Keep what an indicator aims at; a revision that is known stays as it is."""
    await conn.execute(
        """
        insert into objectives (community, indicator, revision, objective, starts_on, reason, person_id, set_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing
        """,
        community,
        one.indicator,
        one.revision,
        one.objective,
        one.starts_on,
        one.reason,
        one.person_id,
        one.set_at,
    )


async def find_objective(
    conn: Connection, *, community: str, indicator: IndicatorName, on: date | None = None
) -> Objective | None:
    """What an indicator was last said to aim at; with `on` of that which holds on that day."""
    row = await conn.fetchrow(
        """
        select o.*, p.name as person_name from objectives o left join people p on p.person_id = o.person_id
        where o.community = $1 and o.indicator = $2 and ($3::date is null or o.starts_on <= $3)
        order by o.revision desc limit 1
        """,
        community,
        indicator,
        on,
    )
    return None if row is None else _objective(row)


async def page_of_objectives(
    conn: Connection,
    *,
    community: str,
    indicator: IndicatorName | None,
    after: ObjectivePlace | None,
    limit_count: int,
) -> list[Objective]:
    """What indicators were said to aim at: by their names, of each the newest first."""
    rows = await conn.fetch(
        """
        select o.*, p.name as person_name from objectives o left join people p on p.person_id = o.person_id
        where o.community = $1 and ($2::text is null or o.indicator = $2)
            and ($3::text is null or o.indicator > $3 or (o.indicator = $3 and o.revision < $4::int))
        order by o.indicator, o.revision desc limit $5
        """,
        community,
        indicator,
        *(after or (None, None)),
        limit_count,
    )
    return [_objective(row) for row in rows]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _sealed(row: Any) -> Sealed | None:
    return None if row["sealed"] is None else Sealed(row["key_id"], row["sealed"])


def _decision(row: Any) -> Decision:
    return Decision(
        row["community"],
        str(row["decision_id"]),
        row["revision"],
        row["kind"],
        row["figure"],
        row["about"],
        row["value"],
        row["seen_on"],
        row["review_on"],
        DecisionStep(row["state"]),
        _text(row["person_id"]),
        row["made_at"],
        row["changed_at"],
    )


def _objective(row: Any) -> Objective:
    return Objective(
        row["indicator"],
        row["revision"],
        row["objective"],
        row["starts_on"],
        row["reason"],
        _text(row["person_id"]),
        row["person_name"],
        row["set_at"],
    )
