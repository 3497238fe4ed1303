"""Room for claims: what is new, taken back or restored finds its room, and others get theirs anew.

What a batch may adjust of others is limited. Claims beyond that are stored as they are, still to be settled, and a
timer works them off in pieces; until then what comes new of the same members waits with them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

from services.scoring.awards.domain.awards import Award, Cause, of_claim
from services.scoring.awards.handlers.telling import tell
from services.scoring.awards.store import is_anything_read_back, load_read_back
from services.scoring.campaigns.handlers.spending import spend
from services.scoring.limits.domain.allotting import Window, binding_windows, give_room, settle, since
from services.scoring.limits.domain.claims import Claim, ClaimKey, Cut, State
from services.scoring.limits.store import claims as claims_store
from services.scoring.limits.store import windows as windows_store
from services.scoring.limits.store.members import MemberKey, lock_members
from services.scoring.metrics import AWARDS_ADJUSTED, CLAIMS_TO_SETTLE
from services.scoring.settings import Settings
from services.scoring.voids.domain import Why
from shared.own_facts import Remembered
from shared.postgres import Connection
from shared.transaction import Transaction

#: Whether awards were read back whose events are still to be scored again.
READ_BACK_LEFT = Remembered(is_anything_read_back)
#: Members that one run of the timer takes on.
MEMBERS_AT_ONCE_COUNT = 50

#: What a claim has: whether it is counted, its room, what is summed of it, and what cut it.
_Noted = tuple[Claim, bool, int, int, Cut | None]


@dataclass(slots=True)
class Rooms:
    """Claims of members that are locked, and what becomes of them in this transaction.

    `left` is how many awards of others may still be adjusted. Each claim is one object, however often it is read:
    what this transaction made of it is not in the database yet.
    """

    conn: Connection
    left: int
    windows: dict[bytes, Window] = field(default_factory=dict)
    #: All claims that were met.
    claims: dict[ClaimKey, Claim] = field(default_factory=dict)
    #: Of these the new ones that have their room: the database has none of them.
    fresh: Sequence[Claim] = ()
    #: What has got another room beside those that were asked for.
    adjusted: set[ClaimKey] = field(default_factory=set)

    def meet(self, claims: Iterable[Claim]) -> list[Claim]:
        """The claims as this transaction knows them; of what it did not know, as they are given."""
        return [self.claims.setdefault(claim.key, claim) for claim in claims]

    async def load(self, claims: Iterable[Claim]) -> None:
        """Read the windows of claims, as far as they are not known."""
        names = {name for claim in claims for name in claim.windows} - self.windows.keys()
        if names:
            self.windows |= await windows_store.load_windows(self.conn, names=names)

    async def load_with_waiting(self, claims: Iterable[Claim], *, members: Sequence[MemberKey]) -> set[MemberKey]:
        """Read the windows of claims; returns those of the members who have claims still to be settled."""
        names = {name for claim in claims for name in claim.windows}
        windows, waiting = await windows_store.load_windows_and_waiting(self.conn, names=names, members=members)
        self.windows |= windows
        return waiting

    async def settle(self, late: Sequence[Claim], *, is_forced: bool = False) -> list[Claim]:
        """Give claims their room, member by member; returns those for which too many others would be adjusted.

        These are left to be settled later, unless it `is_forced`.
        """
        if not late:
            return []
        others, earlier = await self._others(late)
        postponed: list[Claim] = []
        for member, mine in _by_member(late):
            beside = others.get(member, [])
            # Rooms are another member's or nobody's: what goes too far is undone for this one alone.
            before = self._noted(mine, beside) if len(beside) > self.left and not is_forced else None
            moved = settle(mine, beside, self.windows, earlier.get(member, ()))
            asked = {claim.key for claim in mine}
            adjusted = {claim.key for claim in moved} - asked
            if before is not None and len(adjusted) > self.left:
                self._undo(*before)
                for claim in mine:
                    claim.is_settled = False
                postponed += mine
                continue
            self.left = max(0, self.left - len(adjusted))
            self.adjusted |= adjusted
        return postponed

    async def _others(
        self, late: Sequence[Claim]
    ) -> tuple[dict[MemberKey, list[Claim]], dict[MemberKey, list[Claim]]]:
        """The claims that have to be looked at with these, by member, and those that their cooldowns reach."""
        asked = {claim.key for claim in late}
        begins = {member: since(mine) for member, mine in _by_member(late)}
        fresh = [claim for claim in self.fresh if claim.key not in asked]
        found: list[Claim] = []
        looked_at: set[bytes] = set()
        # Under one limit of points few of those behind can change, however many there are.
        is_simple = all(
            len(claim.windows) == 1 and not claim.is_heaviest_first and claim.pace is None for claim in late
        )
        while True:
            await self.load(found)
            binding = binding_windows([*late, *found], self.windows)
            if binding == looked_at:
                break
            looked_at = binding
            begins |= {_member(claim): None for claim in found if claim.is_heaviest_first}
            start = {
                name: begins[_member(claim)]
                for claim in (*late, *found)
                for name in claim.windows
                if name in binding
            }
            loaded = None
            if is_simple and not any(self.windows[name].is_mixed for name in start):
                freed: dict[bytes, int] = {}
                for claim in late:
                    for name in claim.windows if claim.is_counted else ():
                        freed[name] = freed.get(name, 0) + claim.room
                loaded = await claims_store.load_few_claims_of_windows(self.conn, since=start, freed=freed)
                is_simple = loaded is not None
            if loaded is None:
                loaded = await claims_store.load_claims_of_windows(self.conn, since=start)
            found = [claim for claim in self.meet(loaded) if claim.key not in asked]
            found += [claim for claim in fresh if any(_is_from(claim, start, name) for name in claim.windows)]
        return dict(_by_member(found)), await self._earlier((*late, *found), begins)

    async def _earlier(
        self, claims: Iterable[Claim], begins: Mapping[MemberKey, datetime | None]
    ) -> dict[MemberKey, list[Claim]]:
        """The claims before those that are looked at, as far as the cooldowns of these reach, by member."""
        between: dict[bytes, tuple[datetime, datetime]] = {}
        for claim in claims:
            name, begin = claim.cooldown_window, begins[_member(claim)]
            if name is not None and begin is not None and claim.pace is not None:
                since = begin - timedelta(seconds=claim.pace.cooldown_seconds or 0)
                between[name] = min(since, between.get(name, (since,))[0]), begin
        if not between:
            return {}
        found = self.meet(await claims_store.load_claims_between(self.conn, between=between))
        known = {claim.key for claim in found}
        for claim in self.fresh:
            name = claim.cooldown_window
            if name in between and claim.event_time < between[name][1] and claim.key not in known:
                found.append(claim)
        return dict(_by_member(found))

    def _noted(self, *groups: Collection[Claim]) -> tuple[list[_Noted], dict[bytes, Window]]:
        """What claims have, and their windows, as they are now."""
        claims = [claim for group in groups for claim in group]
        names = {name for claim in claims for name in claim.windows}
        noted = [(claim, claim.is_counted, claim.room, claim.summed, claim.cut) for claim in claims]
        return noted, {name: replace(self.windows[name]) for name in names}

    def _undo(self, noted: Iterable[_Noted], windows: Mapping[bytes, Window]) -> None:
        for claim, is_counted, room, summed, cut in noted:
            claim.is_counted, claim.room, claim.summed, claim.cut = is_counted, room, summed, cut
        self.windows |= windows


async def find_room(
    tx: Transaction[Settings],
    *,
    new: Sequence[Claim],
    changed: Sequence[Claim],
    awards: Sequence[Award] = (),
) -> None:
    """Find the room of `new` claims and of those whose state `changed`; tell that, and `awards` that need none.

    The members of all claims are locked.
    """
    rooms = Rooms(tx.conn, tx.settings.adjustments_per_batch_max_count)
    # One that keeps its room may still get another, by what else there is in the batch.
    rooms.meet([*new, *changed])
    members = members_of([*new, *changed])
    waiting = await rooms.load_with_waiting([*new, *changed], members=members) if members else set()
    ready = [claim for claim in new if _member(claim) not in waiting] if waiting else new
    late = give_room(ready, rooms.windows)
    late += [claim for claim in changed if claim.is_to_settle and _member(claim) not in waiting]
    for claim in [*new, *changed] if waiting else ():
        if claim.is_to_settle and _member(claim) in waiting:
            claim.is_settled = False
    rooms.fresh = ready
    await rooms.settle(late)
    await _store(tx, rooms, new=new, changed=changed, awards=awards)


async def settle_waiting(tx: Transaction[Settings]) -> None:
    """Settle claims that a batch left to be settled, as many as may be adjusted at once; another run goes on."""
    waiting = await claims_store.next_members_to_settle(tx.conn, limit=MEMBERS_AT_ONCE_COUNT)
    if not waiting:
        CLAIMS_TO_SETTLE.set(0)
        return
    await lock_members(tx.conn, members=waiting)
    rooms = Rooms(tx.conn, tx.settings.adjustments_per_batch_max_count)
    settled: list[Claim] = []
    for member in waiting:
        piece = rooms.meet(
            await claims_store.load_claims_to_settle(
                tx.conn, member=member, limit=tx.settings.settled_at_once_max_count
            )
        )
        await rooms.load(piece)
        while piece and await rooms.settle(piece, is_forced=len(piece) == 1 and not settled):
            piece = piece[: len(piece) // 2]
        settled += piece
        if not piece or rooms.left == 0:
            break
    await _store(tx, rooms, new=(), changed=settled, awards=())
    CLAIMS_TO_SETTLE.set(await claims_store.count_claims_to_settle(tx.conn))


async def tell_claims(tx: Transaction[Settings], claims: Sequence[Claim]) -> None:
    """Tell what claims that are there amount to, where that is not what was told of them."""
    await spend(tx, claims=[claim for claim in claims if claim.is_settled])
    awards = [award for claim in claims if claim.is_settled and (award := of_claim(claim, _cause(claim)))]
    await tell(tx, sorted(awards, key=lambda award: award.points))
    await claims_store.put_claims(tx.conn, claims=claims)


async def _store(
    tx: Transaction[Settings],
    rooms: Rooms,
    *,
    new: Sequence[Claim],
    changed: Sequence[Claim],
    awards: Sequence[Award],
) -> None:
    """Store claims and windows, and tell what is due: first what becomes less, so that no limit is ever passed."""
    asked = {claim.key for claim in (*new, *changed)}
    adjusted = [rooms.claims[key] for key in sorted(rooms.adjusted - asked)]
    AWARDS_ADJUSTED.inc(len(adjusted))
    # What becomes of others follows from what is past where nothing else of their members came.
    live = {_member(claim) for claim in (*new, *changed) if not claim.is_backfill}
    for claim in adjusted:
        claim.is_backfill = _member(claim) not in live
    silent = await _read_back(tx.conn, [*new, *changed, *adjusted])
    told: list[Award] = []
    due = [
        claim
        for claim in (*new, *changed, *adjusted)
        if claim.is_settled and claim.due != claim.told and claim.award_id not in silent
    ]
    # The books of campaigns are locked from here on: what is not about them is done before.
    await windows_store.put_windows(tx.conn, windows=rooms.windows)
    await _spend(tx, due=due, new=new)
    for claim in due:
        cause = "limit" if claim.key not in asked else _cause(claim)
        award = of_claim(claim, cause)
        told += [] if award is None else [award]
    less = [award for award in told if award.points < 0]
    more = [award for award in told if award.points > 0]
    await tell(tx, [*less, *awards, *more])
    if new:
        await claims_store.add_claims(tx.conn, claims=new)
    if changed or adjusted:
        await claims_store.put_claims(tx.conn, claims=[*changed, *adjusted])


async def _spend(tx: Transaction[Settings], *, due: Sequence[Claim], new: Iterable[Claim]) -> None:
    """Have campaigns spend on what is due, and at once on what is withheld from its beginning."""
    held = [(claim, claim.withheld) for claim in new if claim.withheld is not None and claim.is_settled]
    for claim, _ in held:
        claim.withheld = None
    await spend(tx, claims=[*due, *(claim for claim, _ in held if not claim.told)])
    for claim, withheld in held:
        claim.withheld = withheld


async def _read_back(conn: Connection, claims: Sequence[Claim]) -> set[str]:
    """The awards of which more was told than their events say yet: they are told of once these are read again."""
    if not claims or not await READ_BACK_LEFT.is_any(conn):
        return set()
    events = {(claim.community, claim.event_uid) for claim in claims}
    told = await load_read_back(conn, events=events)
    return {award_id for of_event in told.values() for award_id in of_event}


def members_of(claims: Iterable[Claim]) -> list[MemberKey]:
    """The members whose limits are over claims, in the order in which they are locked."""
    return sorted({_member(claim) for claim in claims}, key=lambda member: member[::-1])


def _cause(claim: Claim) -> Cause:
    if claim.void is not None:
        return Why(claim.void).value
    if claim.state is not State.LIVE:
        return "retracted"
    if claim.withheld is not None:
        return "held"
    if claim.was_withheld:
        return "released"
    return "limit" if claim.told else "restored"


def _member(claim: Claim) -> MemberKey:
    return claim.limited


def _is_from(claim: Claim, start: Mapping[bytes, datetime | None], name: bytes) -> bool:
    """Whether a claim is of a window, from the time on that is looked at there."""
    if name not in start:
        return False
    begin = start[name]
    return begin is None or claim.event_time >= begin


def _by_member(claims: Iterable[Claim]) -> Iterable[tuple[MemberKey, list[Claim]]]:
    for member, mine in groupby(sorted(claims, key=_member), key=_member):
        yield member, list(mine)
