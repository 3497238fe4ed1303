"""The errand that checks the books of one community after the other, for a share of the time."""

import logging
import time
from dataclasses import replace

from services.rewards.checks.handlers import check
from services.rewards.ledger.store.check import see_one_moment
from services.rewards.metrics import LEDGER_CHECKS_GIVEN_UP, WATCH_ROUND_SECONDS
from services.rewards.watches import store
from services.rewards.watches.domain import Watch, added, by_invariant, rests_until
from shared.invariants import show_differences
from shared.service.spec import Begin

WATCH_EVERY_SECONDS = 5.0

log = logging.getLogger(__name__)


async def watch(begin: Begin, until: float) -> None:
    """Errand: check the books of communities in turn until `until`, or until it is time to rest.

    What was told of seals is left to the hourly check, which asks the broker.
    """
    async with begin() as tx:
        state, share = await store.load_watch(tx.conn), tx.settings.ledger_watch_share
        now = tx.now
    if now < state.rests_until:
        return
    began = time.monotonic()
    # One community at least, and others for as long as its share of the time between two turns is.
    enough = min(until, began + WATCH_EVERY_SECONDS * share)
    state = await _look_at_next(begin, state)
    while state.after and time.monotonic() < enough:
        state = await _look_at_next(begin, state)
    async with begin() as tx:
        resting = rests_until(tx.now, worked_seconds=time.monotonic() - began, share=share)
        await store.set_watch(tx.conn, replace(state, rests_until=resting))
        found = await store.load_found(tx.conn)
    show_differences(added(found))
    if state.took_seconds is not None:
        WATCH_ROUND_SECONDS.set(state.took_seconds)


async def _look_at_next(begin: Begin, state: Watch) -> Watch:
    """Check the next community's books, or end the round where there is none."""
    async with begin() as tx:
        await see_one_moment(tx.conn)
        community = await store.find_next(tx.conn, after=state.after)
        if community is None:
            took_seconds = (tx.now - state.began_at).total_seconds()
            return replace(state, after="", began_at=tx.now, took_seconds=took_seconds)
        try:
            found = await check(
                tx.conn, None, community=community, timeout_seconds=tx.settings.ledger_check_seconds
            )
        except TimeoutError:
            log.exception("the check of the books of %s took too long", community)
            LEDGER_CHECKS_GIVEN_UP.inc()
            return replace(state, after=community)
    for line in found.lines():
        log.error("the watch over the books found: %s", line)
    async with begin() as tx:
        await store.put_found(tx.conn, community=community, found=by_invariant(found))
    return replace(state, after=community)
