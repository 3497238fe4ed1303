"""What others tell of members, and what was told before, is taken in."""

from collections.abc import Collection
from datetime import UTC
from fractions import Fraction

from services.scoring.programmes.domain.publication import Author
from services.scoring.quality.handlers.trusting import on_members as keep_members
from services.scoring.settings import Settings
from services.scoring.signals.domain.acts import OPEN_WINDOWS_COUNT
from services.scoring.signals.domain.cases import CaseKey, CaseState, Reason, SignalCase
from services.scoring.signals.domain.suspicion import Found, Scope, Signal, others_of
from services.scoring.signals.domain.ties import window_of
from services.scoring.signals.store import cases as cases_store
from services.scoring.signals.store import links as links_store
from services.scoring.signals.store import looks as looks_store
from shared.consumer import Subscription
from shared.contracts.facts import (
    MEMBER_LINKS_CHANGED,
    SIGNAL_CASE_CHANGED,
    MemberFact,
    MemberLinksChanged,
    SignalCaseChanged,
)
from shared.merges import find_head, load_group
from shared.own_facts import ReadBack
from shared.topics import MEMBER_LINKS, SIGNALS
from shared.transaction import Transaction


async def on_members(tx: Transaction[Settings], facts: list[MemberFact]) -> None:
    """Keep what is told of members; those who are merged or parted are looked at."""
    await keep_members(tx, facts)
    persons: set[tuple[str, str]] = set()
    for fact in facts:
        if fact["type"] == "member.merged.v1" or fact["type"] == "member.unmerged.v1":
            for member_id in (fact["data"]["member_id"], fact["data"]["into_id"]):
                head_id = await find_head(tx.conn, community=fact["community"], member_id=member_id)
                group = await load_group(tx.conn, community=fact["community"], head_id=head_id)
                persons |= {(fact["community"], one) for one in (member_id, *group)}
    if persons:
        await _look_at_persons(tx, persons)


async def on_links(tx: Transaction[Settings], facts: list[MemberLinksChanged]) -> None:
    """Keep who is paid to one account with others, and look at them."""
    changed = await links_store.put_links(
        tx.conn,
        links=[
            links_store.Link(
                fact["community"],
                fact["data"]["member_id"],
                fact["data"]["revision"],
                fact["data"].get("account_id"),
                fact["data"]["members_count"],
                fact["data"]["is_payer"],
            )
            for fact in facts
        ],
    )
    if changed:
        await _look_at_persons(tx, changed)


async def _look_at_persons(tx: Transaction[Settings], members: Collection[tuple[str, str]]) -> None:
    since = window_of(tx.now.date()) - OPEN_WINDOWS_COUNT + 1
    await looks_store.put_looks_of_persons(tx.conn, members=sorted(members), since=since)


async def on_cases_told(tx: Transaction[Settings], facts: list[SignalCaseChanged]) -> None:
    """Take in cases that were told and that the database has forgotten, before their events are scored again.

    Who decided is known by their id alone; what was found is looked at anew, where nobody has decided.
    """
    for fact in facts:
        data = fact["data"]
        key = CaseKey(fact["community"], data["member_id"], window_of(data["starts_on"]))
        known = (
            await cases_store.load_cases(
                tx.conn, community=key.community, window=key.window, members=[key.member_id]
            )
        ).get(key)
        if known is not None and known.revision >= data["revision"]:
            continue
        found = tuple(
            Found(
                Signal(one["signal"]),
                Fraction(one["score_percent"], 100),
                frozenset(one["givers"]) if "givers" in one else None,
                {},
            )
            for one in data["signals"]
        )
        is_all = any(one.givers is None for one in found)
        asked, decided = data.get("asked_by_person"), data.get("decided_by_person")
        await cases_store.put_case(
            tx.conn,
            SignalCase(
                key,
                CaseState(data["state"]),
                data["revision"],
                data["score_percent"],
                found,
                Scope(None if is_all else frozenset[str]().union(*(one.givers or () for one in found))),
                frozenset(others_of(found)),
                data["programme_version"],
                data["opened_at"].astimezone(UTC),
                fact["time"].astimezone(UTC),
                asked_at=None if asked is None else fact["time"],
                asked_by=None if asked is None else Author(asked, asked, None),
                decided_at=None if decided is None else fact["time"],
                decided_by=None if decided is None else Author(decided, decided, None),
                reason=Reason(data["reason"]) if "reason" in data else None,
            ),
        )
        await looks_store.put_looks(tx.conn, keys=[key])


READ_BACK = (ReadBack((SIGNALS,), SIGNAL_CASE_CHANGED.adapter, on_cases_told),)
FOLLOWED_LINKS = Subscription(MEMBER_LINKS, MEMBER_LINKS_CHANGED.adapter, on_links)
