"""Members are looked at, and their awards held and let go by what was found.

A look reads who gave to a member and what is around them, holds what is due to be held, and lets go what is not.
It is done by one timer, piece by piece; batches only read what is held.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from services.scoring.awards import store as award_store
from services.scoring.awards.domain.awards import as_claim
from services.scoring.awards.handlers.rooms import find_room, members_of
from services.scoring.holds.handlers.exploring import explore
from services.scoring.holds.handlers.telling import tell
from services.scoring.limits.domain.claims import Claim
from services.scoring.limits.store.claims import load_claims_of_events
from services.scoring.limits.store.members import lock_members
from services.scoring.metrics import SIGNAL_CASES_OLD, SIGNAL_CASES_WAITING, SIGNAL_POINTS_HELD
from services.scoring.programmes.handlers.in_force import document_in_force
from services.scoring.settings import Settings
from services.scoring.signals.domain.acts import OPEN_WINDOWS_COUNT, WithheldAct
from services.scoring.signals.domain.cases import CaseKey, SignalCase, looked_at
from services.scoring.signals.domain.suspicion import (
    RING_OF_ACTIVE,
    Basis,
    Found,
    Scope,
    Seen,
    suspicions,
)
from services.scoring.signals.domain.ties import Graph, window_of
from services.scoring.signals.store import acts as acts_store
from services.scoring.signals.store import cases as cases_store
from services.scoring.signals.store import links as links_store
from services.scoring.signals.store import looks as looks_store
from services.scoring.signals.store import ties as ties_store
from services.scoring.signals.store.looks import Look
from services.scoring.voids.store import load_whys
from shared.contracts.programme import Signals
from shared.merges import load_heads
from shared.postgres import Connection
from shared.transaction import Transaction


async def look(tx: Transaction[Settings]) -> bool:
    """Timer: look at the members who wait for it, the next so many; whether there may be more."""
    # Of two timers, when the leader changes, one waits for the other.
    await looks_store.lock_looking(tx.conn)
    limit = tx.settings.signal_looks_per_piece_max_count
    looks = await looks_store.next_looks(tx.conn, limit_count=limit)
    by_window: dict[tuple[str, int], list[Look]] = {}
    for one in looks:
        by_window.setdefault((one.key.community, one.key.window), []).append(one)
    is_more = len(looks) == limit
    for (community, window), of_window in by_window.items():
        number, programme = await document_in_force(tx.conn, community=community, at=tx.now)
        terms = None if programme is None else programme.signals
        is_more |= await _look_at(
            tx, of_window, community=community, window=window, terms=terms, version=number or 0
        )
    return is_more


async def _look_at(
    tx: Transaction[Settings],
    looks: Sequence[Look],
    *,
    community: str,
    window: int,
    terms: Signals | None,
    version: int,
) -> bool:
    """Look at members of one window; whether some of what is theirs is left for another look."""
    found, spread = await _find(tx.conn, looks, community=community, window=window, terms=terms)
    keys = sorted(found)
    # 1. The members whose awards may change, before cases, as everybody takes them.
    before = await cases_store.load_cases(tx.conn, community=community, window=window, members=_ids(keys))
    acts: dict[CaseKey, list[WithheldAct]] = {}
    limit = tx.settings.signal_awards_per_look_max_count
    for key in keys:
        after = looked_at(before.get(key), found[key], terms, key=key, programme_version=version, now=tx.now)
        acts[key] = await _mismatched(tx.conn, after, limit_count=limit) if after is not None else []
    await _lock(tx.conn, [act for of_key in acts.values() for act in of_key])
    # 2. The cases: people may have decided meanwhile.
    before = await cases_store.load_cases(
        tx.conn, community=community, window=window, members=_ids(keys), is_locked=True
    )
    left: set[CaseKey] = set()
    cases: list[SignalCase] = []
    for key in keys:
        after = looked_at(before.get(key), found[key], terms, key=key, programme_version=version, now=tx.now)
        if after is None:
            continue
        cases.append(after)
        due = await _mismatched(tx.conn, after, limit_count=limit)
        # What came since, whose members are not locked, waits for another look.
        locked = {act.award_id for act in acts[key]}
        acts[key] = [act for act in due if act.award_id in locked]
        if len(due) == limit or len(acts[key]) < len(due):
            left.add(key)
    # 3. Who is looked at next, before the books of campaigns, as batches do.
    await looks_store.delete_looks(tx.conn, looks=[one for one in looks if one.key not in left])
    await looks_store.put_looks(tx.conn, keys=sorted(spread - set(keys)), is_spread=True)
    # 4. What is held and let go, and what that comes to.
    await _withhold(tx, [act for case in cases for act in acts[case.key]])
    for after in cases:
        points, awards = await acts_store.sum_withheld(tx.conn, key=after.key)
        known = before.get(after.key)
        case = replace(after, held_points=points, held_awards=awards)
        if case != known:
            await cases_store.put_case(tx.conn, case)
        if known is None or known.revision != case.revision:
            tell(tx, case)
    return bool(left or spread)


async def _find(
    conn: Connection, looks: Sequence[Look], *, community: str, window: int, terms: Signals | None
) -> tuple[dict[CaseKey, list[Found]], set[CaseKey]]:
    """What is found about members of one window, and who is to be looked at because of them."""
    totals = await ties_store.load_totals(
        conn, community=community, window=window, members=_ids([one.key for one in looks])
    )
    fully = [one.key.member_id for one in looks if not one.is_spread]
    spread: set[CaseKey] = set()
    if fully:
        spread |= set(await cases_store.load_ring_members(conn, community=community, window=window, members=fully))
    found: dict[CaseKey, list[Found]] = {one.key: [] for one in looks}
    if terms is None:
        return found, spread
    concerned = {member for member, of_member in totals.items() if of_member.received > terms.more_than_points}
    wanted = [one for one in looks if not one.is_spread or one.key.member_id in concerned]
    async for key, graph in explore(conn, keys=[one.key for one in wanted], terms=terms):
        if key.member_id in graph.crowded:
            continue
        if key.member_id in fully:
            # Also where nothing is found here: it may be the tie that closes another's ring.
            groups = graph.groups(key.member_id, max_count=terms.ring_members)
            spread |= {CaseKey(community, member, window) for group in groups for member in group}
        if key.member_id in concerned:
            found[key] = suspicions(await see(conn, graph, key=key, terms=terms), terms)
    return found, spread


def _ids(keys: Collection[CaseKey]) -> list[str]:
    return [key.member_id for key in keys]


async def see(conn: Connection, graph: Graph, *, key: CaseKey, terms: Signals) -> Seen:
    """What a look at a member sees of a window, beside the ties around it."""
    received = await ties_store.load_received(conn, key=key)
    near = {key.member_id}.union(*graph.groups(key.member_id, max_count=terms.ring_members))
    linked = await _linked(conn, key=key, givers=[tie.giver for tie in received])
    accounts = await links_store.load_links(conn, community=key.community, members=[key.member_id])
    mine = accounts.get(key.member_id)
    return Seen(
        key.member_id,
        graph,
        received,
        await ties_store.load_totals(conn, community=key.community, window=key.window, members=near),
        await ties_store.count_active(
            conn, community=key.community, window=key.window, most=terms.ring_members * RING_OF_ACTIVE
        ),
        linked,
        1 if mine is None else mine.members_count,
        mine is not None and mine.is_payer,
        await ties_store.load_captives(conn, key=key),
    )


async def _linked(conn: Connection, *, key: CaseKey, givers: Sequence[str]) -> Mapping[str, Basis]:
    """Which of these givers are the same person as a member, or are paid to the same account."""
    heads = await load_heads(conn, keys=[(key.community, one) for one in (key.member_id, *givers)])
    mine = heads.get((key.community, key.member_id), key.member_id)
    found = {one: Basis.SAME_PERSON for one in givers if heads.get((key.community, one), one) == mine}
    links = await links_store.load_links(conn, community=key.community, members=[key.member_id, *givers])
    own = links.get(key.member_id)
    if own is not None and own.account_id is not None:
        for one in givers:
            if one not in found and one in links and links[one].account_id == own.account_id:
                found[one] = Basis.BANK_ACCOUNT
    return found


async def _mismatched(conn: Connection, case: SignalCase, *, limit_count: int) -> list[WithheldAct]:
    held = case.held
    scope: Scope | None = None if held is None else held.scope
    why = None if held is None else held.why
    return await acts_store.load_mismatched(conn, key=case.key, scope=scope, why=why, limit_count=limit_count)


async def _lock(conn: Connection, acts: Sequence[WithheldAct]) -> None:
    """Lock the members whose limits are over the awards of acts."""
    if acts:
        claims = await _claims(conn, acts)
        await lock_members(conn, members=members_of([*claims[0], *claims[1]]))


async def _claims(conn: Connection, acts: Sequence[WithheldAct]) -> tuple[list[Claim], list[Claim]]:
    """The claims of acts that are there, and those that their awards become where no limit is over them."""
    wanted = {(act.community, act.award_id) for act in acts}
    events = sorted({(act.community, act.event_uid, act.event_time) for act in acts})
    known = [claim for claim in await load_claims_of_events(conn, events=events) if claim.key in wanted]
    missing = wanted - {claim.key for claim in known}
    if not missing:
        return known, []
    marks = await award_store.load_marks(conn, events=[event[:2] for event in events])
    whys = await load_whys(conn, awards=missing)
    made = [
        as_claim(
            earned,
            marks[earned.award.community, earned.award.event_uid].word,
            whys.get((earned.award.community, earned.award.award_id)),
        )
        for earned in await award_store.load_earned(conn, events=events)
        if (earned.award.community, earned.award.award_id) in missing
    ]
    return known, made


async def _withhold(tx: Transaction[Settings], acts: Sequence[WithheldAct]) -> None:
    """Withhold the awards of acts, or let them go; their members are locked, but of those that came since.

    These wait for another look.
    """
    if not acts:
        return
    due = {(act.community, act.award_id): act.withheld for act in acts}
    known, made = await _claims(tx.conn, acts)
    changed = [claim for claim in known if claim.withheld is not due[claim.key]]
    new = [claim for claim in made if due[claim.key] is not None]
    for claim in (*changed, *new):
        claim.was_withheld = claim.withheld is not None
        claim.withheld = due[claim.key]
        # A change of the past is nothing to be celebrated.
        claim.is_backfill = False
    if changed or new:
        await find_room(tx, new=new, changed=changed)
    await acts_store.set_withheld(tx.conn, acts=acts)


async def count_held(tx: Transaction[Settings]) -> None:
    """Timer: show how much waits for somebody to look at it, and for how long; forget what is over."""
    until = tx.now - timedelta(days=tx.settings.signal_case_old_days)
    cases, points, old = await cases_store.count_held(tx.conn, until=until)
    SIGNAL_CASES_WAITING.set(cases)
    SIGNAL_POINTS_HELD.set(points)
    SIGNAL_CASES_OLD.set(old)
    before = window_of(tx.now.date()) - OPEN_WINDOWS_COUNT
    await ties_store.delete_old(
        tx.conn, before=before, limit_count=tx.settings.signal_looks_per_piece_max_count * 10
    )
