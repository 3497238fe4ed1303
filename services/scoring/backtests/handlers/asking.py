"""Backtests asked for and cancelled, in transactions that somebody else opened."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from services.scoring.backtests.domain.backtests import (
    Backtest,
    BacktestState,
    DraftAsked,
    TooManyBacktestsError,
    UnknownBacktestError,
)
from services.scoring.backtests.domain.summing import Asked
from services.scoring.backtests.store import backtests as store
from services.scoring.metrics import BACKTEST_STUCK_SECONDS, BACKTESTS
from services.scoring.programmes.domain.publication import Author
from services.scoring.settings import Settings
from shared.audit import Did
from shared.transaction import Transaction

DELETED_AT_ONCE_MAX_COUNT = 50


async def ask(
    tx: Transaction[Settings], *, community: str, asked: Asked, drafts: Sequence[DraftAsked], by: Author
) -> Backtest:
    """Have drafts backtested once it is their turn.

    Raises TooManyBacktestsError when as many of the community wait or run as may.
    """
    await store.lock_asking(tx.conn, community=community)
    max_count = tx.settings.backtests_open_max_count
    if await store.count_open(tx.conn, community=community) >= max_count:
        raise TooManyBacktestsError(max_count)
    backtest = Backtest(
        community,
        str(uuid4()),
        BacktestState.QUEUED,
        asked,
        tuple(drafts),
        asked_at=tx.now,
        asked_by=by,
        moved_at=tx.now,
    )
    await store.add_backtest(tx.conn, backtest)
    tx.did(Did("backtest.ask", "backtest", backtest.backtest_id, after=_said(backtest)))
    return backtest


async def cancel(tx: Transaction[Settings], *, community: str, backtest_id: str) -> Backtest:
    """Have a backtest end without a result; cancelled again it stays so.

    Raises UnknownBacktestError, and BacktestEndedError when it is done, or failed.
    """
    backtest = await store.lock_backtest(tx.conn, community=community, backtest_id=backtest_id)
    if backtest is None:
        raise UnknownBacktestError
    if backtest.state is BacktestState.CANCELLED:
        tx.did(Did("backtest.cancel", "backtest", backtest_id, before=_said(backtest), after=_said(backtest)))
        return backtest
    cancelled = backtest.ended(BacktestState.CANCELLED, now=tx.now)
    await store.set_ended(tx.conn, cancelled)
    tx.did(Did("backtest.cancel", "backtest", backtest_id, before=_said(backtest), after=_said(cancelled)))
    return cancelled


async def watch(tx: Transaction[Settings]) -> None:
    """Timer: show how many backtests wait, and how long none has got on; delete those that ended long ago."""
    waiting = await store.load_waiting(tx.conn)
    BACKTESTS.labels("queued").set(waiting.queued)
    BACKTESTS.labels("running").set(waiting.running)
    stuck = 0.0 if waiting.moved_at is None else (tx.now - waiting.moved_at).total_seconds()
    BACKTEST_STUCK_SECONDS.set(max(0.0, stuck))
    before = tx.now - timedelta(days=tx.settings.backtest_kept_days)
    await store.delete_old(tx.conn, before=before, limit=DELETED_AT_ONCE_MAX_COUNT)


def _said(backtest: Backtest) -> dict[str, Any]:
    return {
        "state": backtest.state.value,
        "since": backtest.asked.since.isoformat(),
        "until": backtest.asked.until.isoformat(),
        "audience": backtest.asked.audience,
        "drafts": [one.title for one in backtest.drafts],
    }
