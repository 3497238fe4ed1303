"""The SQL of figures that a timer counted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from services.analytics.kept.domain import Kept, KeptFigure
from shared.postgres import Connection


async def find_answer(
    conn: Connection, *, community: str, figure: KeptFigure, days: int, terms: str
) -> Kept | None:
    """What a figure of so many days was counted to be by these terms; None where it was not."""
    row = await conn.fetchrow(
        """
        select answer, counted_at from kept_answers
        where community = $1 and figure = $2 and days = $3 and terms = $4
        """,
        community,
        figure,
        days,
        terms,
    )
    return None if row is None else Kept(orjson.loads(row["answer"]), row["counted_at"])


async def put_answer(
    conn: Connection,
    *,
    community: str,
    figure: KeptFigure,
    days: int,
    terms: str,
    answer: Mapping[str, Any],
    at: datetime,
) -> None:
    """Keep a figure in the place of what was kept before."""
    await conn.execute(
        """
        insert into kept_answers (community, figure, days, terms, answer, counted_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (community, figure, days) do update
        set terms = excluded.terms, answer = excluded.answer, counted_at = excluded.counted_at
        """,
        community,
        figure,
        days,
        terms,
        orjson.dumps(answer).decode(),
        at,
    )


async def delete_answer(conn: Connection, *, community: str, figure: KeptFigure, days: int) -> int:
    """Keep a figure no longer: it is counted when it is asked for."""
    status = await conn.execute(
        "delete from kept_answers where community = $1 and figure = $2 and days = $3", community, figure, days
    )
    return int(status.rpartition(" ")[2])
