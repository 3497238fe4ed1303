"""Counting awards again, some at a time, and showing what all come to."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from shared.recounts import store
from shared.recounts.domain import BEGINNING, COMMITS_WITHIN, changes, compared, minute_of, moment
from shared.recounts.metrics import RECOUNT_ROUND_SECONDS, RECOUNTED_AWARDS, RECOUNTED_UNTIL
from shared.transaction import Transaction

RECOUNT_EVERY_SECONDS = 5.0
AWARDS = "awards"

log = logging.getLogger(__name__)


async def recount(tx: Transaction, *, query: str, of: Sequence[str]) -> None:
    """Timer: count what was told since the last turn, and so many rows of earlier ones again as a turn may.

    `query` counts a service's rows of $1 to $2 by minute and kind: starts_at, kind, facts, points and digest. The
    service shows what they come to `of` these.
    """
    state = await store.lock_round(tx.conn)
    until = max(moment(tx.now), state.counted_until)
    if until > state.counted_until:
        # 1. What is new, with what may have been committed since it was counted.
        await _count(tx, query, since=minute_of(state.counted_until - COMMITS_WITHIN), until=until)
    # 2. Some of what was counted before: somebody may have changed it by hand.
    since = state.recounted_until
    end = await store.find_end(tx.conn, since=since, until=until, rows_max_count=tx.settings.recount_max_count)
    for minute in await _count(tx, query, since=since, until=end):
        log.warning("of what was told in the minute of %s there is not what there was", minute)
    state = replace(state, counted_until=until, recounted_until=end)
    if end >= until:
        took_seconds = (tx.now - state.began_at).total_seconds()
        state = replace(state, recounted_until=BEGINNING, began_at=tx.now, took_seconds=took_seconds)
    await store.set_round(tx.conn, state)
    # 3. What all come to.
    for kind, sums in compared(await store.load_sums(tx.conn), of=of).items():
        for name, value in sums._asdict().items():
            RECOUNTED_AWARDS.labels(kind, name).set(value)
    RECOUNTED_UNTIL.labels(AWARDS).set(until.timestamp())
    if state.took_seconds is not None:
        RECOUNT_ROUND_SECONDS.labels(AWARDS).set(state.took_seconds)


async def _count(tx: Transaction, query: str, *, since: datetime, until: datetime) -> Sequence[datetime]:
    """Count minutes anew; return those of which there is not what there was, in order."""
    before = await store.load_minutes(tx.conn, since=since, until=until)
    found = await store.count(tx.conn, query, since=since, until=until)
    there = {(minute.starts_at, minute.kind) for minute in found}
    gone = [minute for minute in before if (minute.starts_at, minute.kind) not in there]
    await store.put_minutes(tx.conn, sorted(found - before), gone=gone)
    await store.add_to_sums(tx.conn, changes(before, found))
    return sorted({minute.starts_at for minute in before - found})
