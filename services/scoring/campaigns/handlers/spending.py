"""Campaigns spend on claims, from portions where these do; and take in what was told before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from services.scoring.campaigns.domain.books import (
    ALL,
    Books,
    CampaignKey,
    Turn,
    give,
    limited,
    parts_of,
    parts_of_claim,
)
from services.scoring.campaigns.domain.portions import (
    PARTS_OF_REST,
    PORTIONS_MAX_COUNT,
    Asked,
    Held,
    Portion,
    asked_of,
    hands_out,
    most_handed_out,
)
from services.scoring.campaigns.handlers.turning import close_portions, number_in_force, tell_turns, turns_of
from services.scoring.campaigns.store import books as store
from services.scoring.campaigns.store import portions as portion_store
from services.scoring.campaigns.store import wallets as wallet_store
from services.scoring.limits.domain.claims import Claim
from services.scoring.metrics import RULES_DECLINED
from services.scoring.settings import Settings
from shared.contracts.programme import Campaign
from shared.postgres import Connection
from shared.transaction import Transaction

#: The portion that what the books themselves give, or take back, is counted in.
OF_BOOKS = 0


class ToldPoints(NamedTuple):
    """Points that were told of an award, or of its amendment."""

    community: str
    programme_version: int
    rule_id: str
    day: date
    week: date | None
    points: int


@dataclass(frozen=True, slots=True)
class Asking:
    """Claims of one campaign, and what versions of the programme say of it.

    `number` is that of the version in force, and `current` what it says; None where it has no such campaign.
    """

    key: CampaignKey
    claims: Sequence[Claim]
    campaigns: Mapping[int, Campaign]
    number: int
    current: Campaign | None
    asked: Asked | None

    def limited(self, points: int) -> "Asking":
        """It, where its wallet lets the campaign come to no more than so many points."""
        current = None if self.current is None else limited(self.current, points)
        return replace(
            self,
            campaigns={version: limited(one, points) for version, one in self.campaigns.items()},
            current=current,
            asked=None if current is None else asked_of(self.claims, current),
        )


class _NotEnoughError(Exception):
    """A portion does not do: what was locked of portions has to be let go before the books are locked."""


async def spend(tx: Transaction[Settings], *, claims: Iterable[Claim]) -> None:
    """Spend of campaigns what their claims amount to more than was told, and give back what they amount to less.

    The members of the claims are locked. What a campaign has no more is the ceiling of a claim from now on. It has
    to be told, and stored, in this transaction. Claims of no campaign cost nothing. What becomes of campaigns by
    it is told.

    Budget and pace are those of the version in force, whatever version an event came under; of a campaign that it
    has no more, those of the claim's own version.
    """
    of_campaign: dict[CampaignKey, list[Claim]] = {}
    for claim in claims:
        # What is withheld keeps what was spent on it.
        is_moved = claim.withheld is not None or claim.was_withheld
        if claim.campaign is not None and claim.due != claim.told and not is_moved:
            of_campaign.setdefault((claim.community, claim.campaign), []).append(claim)
    if not of_campaign:
        return
    asking = await _asking(tx.conn, of_campaign, now=tx.now)
    if not await _from_portions(tx.conn, asking):
        await _from_books(tx, asking)


async def take_in(conn: Connection, *, told: Sequence[ToldPoints]) -> None:
    """Count as spent what was told before the database forgot it."""
    wanted = {(one.community, one.programme_version) for one in told}
    rules = await store.load_campaigns_of_rules(conn, versions=wanted) if wanted else {}
    mine = [
        ((one.community, campaign_id), one)
        for one in told
        if (campaign_id := rules.get((one.community, one.programme_version), {}).get(one.rule_id)) is not None
    ]
    if not mine:
        return
    points_of: dict[CampaignKey, dict[str, int]] = {}
    for key, one in mine:
        of_key = points_of.setdefault(key, {})
        for part in parts_of(one.rule_id, one.day, one.week):
            of_key[part] = of_key.get(part, 0) + one.points
    keys = sorted(points_of)
    await store.lock_books(conn, keys=keys)
    await close_portions(conn, keys=keys)
    held = await portion_store.load_held(
        conn, parts=[(key, OF_BOOKS, part) for key in keys for part in points_of[key]]
    )
    after = {}
    for key in keys:
        before = held.get(key, {})
        after[key, OF_BOOKS] = {
            part: Held(before.get(part, Held()).points + points) for part, points in points_of[key].items()
        }
    await portion_store.put_held(conn, held=after)


async def _asking(
    conn: Connection, of_campaign: Mapping[CampaignKey, Sequence[Claim]], *, now: datetime
) -> list[Asking]:
    """What is asked of campaigns, in the order in which they are locked."""
    keys = sorted(of_campaign)
    wanted = {(claim.community, claim.programme_version) for mine in of_campaign.values() for claim in mine}
    in_force = {
        community: await number_in_force(conn, community=community, now=now)
        for community in sorted({community for community, _ in keys})
    }
    said = await store.load_campaigns(conn, versions=wanted | in_force.items())
    asking = []
    for key in keys:
        number = in_force[key[0]]
        campaigns = {
            version: one
            for (community, version), found in said.items()
            for one in found
            if (community, one.id) == key
        }
        current = campaigns.get(number)
        asked = None
        if current is not None:
            campaigns = dict.fromkeys(campaigns, current)
            asked = asked_of(of_campaign[key], current)
        asking.append(Asking(key, of_campaign[key], campaigns, number, current, asked))
    return asking


async def _from_portions(conn: Connection, asking: Sequence[Asking]) -> bool:
    """Spend all of it from portions that nobody else has; or nothing, where one of them has not enough.

    Nothing is waited for, and what does not do is let go: so whoever has the books may wait for all portions.
    """
    try:
        async with conn.transaction():
            await _take_from_portions(conn, asking)
    except _NotEnoughError:
        return False
    return True


async def _take_from_portions(conn: Connection, asking: Sequence[Asking]) -> None:
    if any(one.asked is None for one in asking):
        raise _NotEnoughError
    # 1. The portions are locked, ...
    portions = await portion_store.lock_free_portions(conn, keys=[one.key for one in asking])
    if any(one.key not in portions or portions[one.key].version != one.number for one in asking):
        raise _NotEnoughError
    # 2. ... and only then is read what they have: others may have spent from them until then.
    parts = [(one.key, portions[one.key].number, part) for one in asking if one.asked for part in one.asked.points]
    held = await portion_store.load_held(conn, parts=parts)
    after = {}
    for one in asking:
        before, asked = held.get(one.key, {}), one.asked
        if asked is None or not asked.fits(before):
            raise _NotEnoughError
        after[one.key, portions[one.key].number] = asked.spent(before)
        await _note_day(conn, one.key, portion=portions[one.key], day=asked.last_day)
    await portion_store.put_held(conn, held=after)


async def _from_books(tx: Transaction[Settings], asking: Sequence[Asking]) -> None:
    """Spend it with the books locked: from a portion that gets more, or as they say once all is called back."""
    books = await store.lock_books(tx.conn, keys=[one.key for one in asking])
    # What wallets let campaigns come to changes under the same lock; what portions have was handed out by it.
    limits = await wallet_store.load_limits(tx.conn, keys=[one.key for one in asking])
    asking = [one.limited(limits[one.key]) if one.key in limits else one for one in asking]
    turns: list[Turn] = []
    changed = {}
    for one in asking:
        if not await _top_up(tx.conn, one, books=books[one.key]):
            turns += await _decide(tx, one, books=books[one.key])
            changed[one.key] = books[one.key]
    await store.put_books(tx.conn, books=changed)
    await tell_turns(tx, turns)


async def _top_up(conn: Connection, one: Asking, *, books: Books) -> bool:
    """Spend all of it from a portion that gets as much and some to spare; or nothing, where that is not there."""
    portions = await portion_store.load_portions(conn, key=one.key)
    if one.asked is None or one.current is None or not hands_out(books):
        return False
    if not portions or any(portion.version != one.number for portion in portions):
        return False
    free = await portion_store.lock_free_portions(conn, keys=[one.key])
    if one.key not in free and len(portions) == PORTIONS_MAX_COUNT:
        return False
    portion = free.get(one.key, Portion(len(portions), one.number, None))
    number = portion.number
    held = (await portion_store.load_held(conn, parts=[(one.key, number, part) for part in one.asked.points])).get(
        one.key, {}
    )
    days = [day for day in (books.last_day, *(known.last_day for known in portions)) if day is not None]
    topped_up = one.asked.topped_up(
        held,
        await portion_store.load_handed_out(conn, key=one.key, parts=one.asked.bounds),
        most_handed_out(
            one.current, one.asked.bounds, is_let_go=books.is_let_go, last_day=max(days, default=None)
        ),
    )
    if topped_up is None:
        return False
    if one.key not in free:
        await portion_store.put_portions(conn, key=one.key, portions=[portion])
    await portion_store.put_held(conn, held={(one.key, number): one.asked.spent(topped_up)})
    await _note_day(conn, one.key, portion=portion, day=one.asked.last_day)
    return True


async def _decide(tx: Transaction[Settings], one: Asking, *, books: Books) -> list[Turn]:
    """Spend what the books say, with all room called back; returns what becomes of the campaign."""
    conn = tx.conn
    portions = await portion_store.lock_portions(conn, key=one.key)
    parts = {part for claim in one.claims for part in parts_of_claim(claim)}
    is_anew = any(portion.version != one.number for portion in portions)
    await portion_store.call_back(conn, key=one.key, parts=None if is_anew else parts)
    days = [day for day in (books.last_day, *(portion.last_day for portion in portions)) if day is not None]
    books.last_day = max(days, default=None)
    before = (await store.load_spent(conn, parts={(*one.key, part) for part in {ALL, *parts}})).get(one.key, {})
    books.spent = dict(before)
    standing = books.standing
    give(one.claims, one.campaigns, books)
    for why, count in books.declined.items():
        RULES_DECLINED.labels(why.value).inc(count)
    most: dict[str, int] = {}
    if one.current is not None and one.asked is not None and hands_out(books):
        most = most_handed_out(one.current, one.asked.bounds, is_let_go=books.is_let_go, last_day=books.last_day)
    held = await portion_store.load_held(conn, parts=[(one.key, OF_BOOKS, part) for part in parts])
    after = {}
    for part in parts:
        points, spent = held.get(one.key, {}).get(part, Held()).points, books.spent.get(part, 0)
        room = max(0, most[part] - spent) // PARTS_OF_REST if part in most else 0
        after[part] = Held(points + spent - before.get(part, 0), room)
    await portion_store.put_held(conn, held={(one.key, OF_BOOKS): after})
    version = one.number if most else 0
    if not portions or any(portion.version != version for portion in portions):
        numbers = [portion.number for portion in portions] or [OF_BOOKS]
        await portion_store.put_portions(
            conn, key=one.key, portions=[Portion(number, version, books.last_day) for number in numbers]
        )
    return turns_of(one.key, standing, books, at=tx.now)


async def _note_day(conn: Connection, key: CampaignKey, *, portion: Portion, day: date | None) -> None:
    """Note the last day that a portion gave on, where that is a later one."""
    if day is not None and (portion.last_day is None or day > portion.last_day):
        await portion_store.put_portions(conn, key=key, portions=[portion._replace(last_day=day)])
