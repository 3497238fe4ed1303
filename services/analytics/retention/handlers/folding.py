"""Who changed is noted as it is heard of, and counted by a timer."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final

import orjson

from services.analytics.metrics import RETENTION_BEHIND
from services.analytics.retention.domain.contributions import (
    NOBODY,
    Key,
    Terms,
    activation_end,
    change,
)
from services.analytics.retention.domain.love import moves_of
from services.analytics.retention.domain.slices import person_of
from services.analytics.retention.handlers.slicing import Looked, count_parts
from services.analytics.retention.store import folding
from services.analytics.settings import Settings
from shared.calendars import Calendar
from shared.followed_communities import load_calendar
from shared.merges import MemberKey, load_groups, load_heads
from shared.transaction import Transaction

FOLD_EVERY_SECONDS: Final = 1.0
#: Marks that one transaction takes: half a second of work, and nobody waits for it.
FOLD_MAX_COUNT: Final = 2_000


async def mark(tx: Transaction, members: Collection[MemberKey]) -> None:
    """Have members counted anew whose events changed."""
    if members:
        await folding.add_marks(tx.conn, members=members)


async def fold(tx: Transaction[Settings]) -> bool:
    """Count the people who changed; True where more wait. What they were counted as before is taken off.

    It reads what is there and knows what was counted, so it may end anywhere and be repeated, and whatever the
    order was, it comes to the same.
    """
    if not await folding.lock_fold(tx.conn):
        return False
    marked = await folding.take_marks(tx.conn, limit_count=FOLD_MAX_COUNT)
    if marked:
        await _count(tx, marked)
    oldest = await folding.find_oldest_mark(tx.conn)
    RETENTION_BEHIND.set(0 if oldest is None else max(0.0, (tx.now - oldest).total_seconds()))
    return oldest is not None


async def _count(tx: Transaction[Settings], marked: Collection[MemberKey]) -> None:
    terms = terms_of(tx.settings)
    calendars = {
        community: await _calendar(tx, community, terms=terms) for community in sorted({key[0] for key in marked})
    }
    looked = await _people(tx, marked, calendars=calendars, terms=terms)
    before, after = await folding.load_counted(tx.conn, people=looked.people), looked.people
    changes: Counter[tuple[str, Key]] = Counter()
    for key, person in after.items():
        calendar = calendars[key[0]]
        for place, number in change(before.get(key, NOBODY), person, calendar=calendar, terms=terms).items():
            changes[key[0], place] += number
    moved = {key: person for key, person in after.items() if person != before.get(key, NOBODY)}
    await folding.put_counted(tx.conn, people=moved)
    moves = {
        key: tuple(moves_of(person.months))
        for key, person in moved.items()
        if person.months != before.get(key, NOBODY).months
    }
    if moves:
        await folding.put_moves(tx.conn, moves=moves)
    await folding.add_figures(tx.conn, changes={place: number for place, number in changes.items() if number})
    await count_parts(tx, looked, calendars=calendars, terms=terms)


async def _calendar(tx: Transaction[Settings], community: str, *, terms: Terms) -> Calendar:
    """A community's calendar. Where its weeks or the terms are others than before, all of it is counted anew."""
    calendar = await load_calendar(tx.conn, community=community)
    said = orjson.dumps([calendar.week_starts, list(terms)]).decode()
    known = await folding.find_terms(tx.conn, community=community)
    if known != said:
        if known is not None:
            await folding.forget_counted(tx.conn, community=community)
        await folding.put_terms(tx.conn, community=community, terms=said)
    return calendar


async def _people(
    tx: Transaction[Settings], marked: Iterable[MemberKey], *, calendars: Mapping[str, Calendar], terms: Terms
) -> Looked:
    """The people concerned, as they are; who is merged into another is nobody."""
    keys = set(marked)
    heads = await load_heads(tx.conn, keys=keys)
    people = keys | {(community, head_id) for (community, _), head_id in heads.items()}
    groups = await load_groups(tx.conn, keys=people - heads.keys())
    done = await folding.load_done(tx.conn, groups=groups) if groups else {}
    groups = {key: groups[key] for key in done}
    joined = await folding.load_joined(tx.conn, groups=groups) if groups else {}
    until = {
        key: activation_end(one.at, calendar=calendars[key[0]], days=terms.activation_days)
        for key, one in joined.items()
    }
    activated = await folding.load_activated(tx.conn, groups=groups, until=until)
    after = dict.fromkeys(sorted(people), NOBODY)
    for key, those in done.items():
        # An event may have gone between two questions: then a mark has come, and this one is counted again.
        channel = joined[key].channel if key in joined else ""
        after[key] = person_of(those, channel=channel, is_activated=key in activated)
    return Looked(after, groups, done)


def terms_of(settings: Settings) -> Terms:
    """What silence, winning back and activation mean here."""
    return Terms(settings.silence_days, settings.win_back_days, settings.activation_days)
