"""Communities are stored, and told to every service, in one transaction; and each event is given its day."""

from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.ingest.communities import store
from services.ingest.communities.domain.bot_patterns import DEFAULT_BOTS
from services.ingest.communities.domain.communities import (
    DEFAULT_STANDINGS,
    Change,
    Community,
    CommunityExistsError,
    Look,
    ProposerGoneError,
    Publishing,
    Retention,
    StaleRevisionError,
    StandingRule,
    UnknownCommunityError,
    changed,
    kept,
    lowered,
    new_calendar,
)
from services.ingest.communities.domain.contrast import Colours
from services.ingest.settings import Settings
from shared.access_keys import Principal, Scope, load_standings
from shared.access_keys.public import Public
from shared.audit import Did
from shared.calendars import Calendar
from shared.contracts.facts import COMMUNITY_CHANGED, CommunityChanged, CommunityData, Standing, StandingsData
from shared.followed_communities import on_communities
from shared.followed_communities.store import put_communities
from shared.own_facts import ReadBack
from shared.topics import COMMUNITIES
from shared.transaction import Transaction


async def calendars_of(tx: Transaction, *, communities: Collection[str]) -> Mapping[str, Calendar]:
    """The calendars by which events of communities get their days.

    They hold for every event of this transaction: a change takes effect later than any event that could be here
    (see `new_calendar`), and where there were no events yet, we wait for whoever declares it, or they for us.
    """
    known = await store.load_calendars(tx.conn, communities=communities)
    missing = sorted(set(communities) - known.keys())
    return known | await store.note_events(tx.conn, communities=missing) if missing else known


async def declare_community(tx: Transaction[Settings], *, wanted: Community) -> Community:
    """Declare a community; its calendar as it is after all. Raises CommunityExistsError, TooManyChangesError.

    `wanted` has one reckoning: if the community has events already, they keep the days they have.
    """
    known = await store.lock_community(tx.conn, community=wanted.community)
    if known.declared is not None:
        raise CommunityExistsError(wanted.community, known.declared.revision)
    said = wanted.calendar.reckonings[-1]
    calendar = new_calendar(
        known, time_zone=said.time_zone, week_start=said.week_start, at=tx.now, notice=_notice(tx)
    )
    community = replace(wanted, calendar=calendar, revision=1)
    await store.put_community(tx.conn, community=community)
    await _tell(tx, community)
    tx.did(_did("declare", None, community))
    return community


async def change_community(
    tx: Transaction[Settings], *, community: str, revision: int, change: Change
) -> Community:
    """Change a community that has this revision; nothing is told when nothing is different.

    That one person publishes where two do waits for another person. Raises UnknownCommunityError,
    StaleRevisionError when somebody changed it meanwhile, and TooManyChangesError.
    """
    known = await store.lock_community(tx.conn, community=community)
    if known.declared is None:
        raise UnknownCommunityError(community)
    if known.declared.revision != revision:
        raise StaleRevisionError(community, revision, known.declared.revision)
    calendar = known.calendar
    if change.time_zone is not None or change.week_start is not None:
        calendar = new_calendar(
            known, time_zone=change.time_zone, week_start=change.week_start, at=tx.now, notice=_notice(tx)
        )
    after = changed(known.declared, calendar, change)
    tx.did(_did("change", known.declared, after))
    await _put_and_tell(tx, after, before=known.declared)
    return after


async def approve_lowering(tx: Transaction[Settings], *, caller: Principal, community: str) -> Community:
    """Let one person publish from now on, as another person asked.

    Raises UnknownCommunityError, NothingWaitsError, PolicyFourEyesError when the caller asked for it, and
    ProposerGoneError when who did may not do so any more.
    """
    before = await _lock_declared(tx, community)
    after = lowered(before, by=caller.person_id)
    assert before.lowering is not None  # noqa: S101 -- lowered() has looked
    proposer = (before.lowering.person_id, "")
    (standing,) = await load_standings(tx.conn, [proposer], community=before.lowering.community)
    # In person: the key of a command is revoked as soon as that has asked.
    reason = standing.why_not_in_person(Scope.COMMUNITIES_WRITE)
    if reason is not None:
        raise ProposerGoneError(reason)
    tx.did(_of_policy("approve", before, after))
    await _put_and_tell(tx, after, before=before)
    return after


async def withdraw_lowering(tx: Transaction[Settings], *, community: str) -> Community:
    """Let two people publish as before, whoever asked otherwise.

    Raises UnknownCommunityError and NothingWaitsError.
    """
    before = await _lock_declared(tx, community)
    after = kept(before)
    tx.did(_of_policy("withdraw", before, after))
    await _put_and_tell(tx, after, before=before)
    return after


async def on_communities_told(tx: Transaction[Settings], facts: list[CommunityChanged]) -> None:
    """Take in communities that were declared or changed and that the database has forgotten.

    The highest revision counts, so days go on by the calendar that was told last.
    """
    await on_communities(tx, facts)
    for told in map(_told, facts):
        known = await store.lock_community(tx.conn, community=told.community)
        if known.declared is None or known.declared.revision < told.revision:
            await store.put_community(tx.conn, community=told)


async def _lock_declared(tx: Transaction[Settings], community: str) -> Community:
    known = await store.lock_community(tx.conn, community=community)
    if known.declared is None:
        raise UnknownCommunityError(community)
    return known.declared


async def _put_and_tell(tx: Transaction[Settings], after: Community, *, before: Community) -> None:
    """Store what is different, and tell it where anything is that counts today."""
    if after == before and after.lowering == before.lowering:
        return
    await store.put_community(tx.conn, community=after)
    if after != before:
        await _tell(tx, after)


def _told(fact: CommunityChanged) -> Community:
    data = fact["data"]
    look, retention = data["look"], data["retention"]
    colours, logo = look.get("colours"), look.get("logo_png")
    return Community(
        community=fact["community"],
        title=data["title"],
        calendar=Calendar.of(data["calendar"]),
        currency=data["currency"],
        languages=tuple(data["languages"]),
        look=Look(
            look["name"],
            None if colours is None else Colours(colours["background"], colours["text"], colours["accent"]),
            None if logo is None else b64decode(logo),
        ),
        public=tuple(map(Public, data["public"])),
        publishing=Publishing(data["review_policy"]["publishing"]),
        retention=Retention(retention["texts_days"], retention["rejected_days"]),
        bots=tuple(data.get("bots", DEFAULT_BOTS)),
        standings=_told_standings(data),
        embed_sites=tuple(data.get("embed_sites", ())),
        revision=data["revision"],
        backtest=data["review_policy"].get("backtest", False),
    )


def _told_as(standings: Mapping[Standing, StandingRule]) -> StandingsData:
    data: StandingsData = {}
    for name, rule in standings.items():
        data[name] = {"patterns": list(rule.patterns), "earns": rule.earns, "ranks": rule.ranks}
    return data


def _told_standings(data: CommunityData) -> Mapping[Standing, StandingRule]:
    said: StandingsData = data.get("standings", {})
    told: dict[Standing, StandingRule] = {}
    for name, rule in DEFAULT_STANDINGS.items():
        one = said.get(name)
        told[name] = rule if one is None else StandingRule(tuple(one["patterns"]), one["earns"], one["ranks"])
    return told


READ_BACK = (ReadBack((COMMUNITIES,), COMMUNITY_CHANGED.adapter, on_communities_told),)


def _did(verb: str, before: Community | None, after: Community) -> Did:
    name = after.community
    return Did(
        f"community.{verb}",
        "community",
        name,
        before=_noted(before) if before else None,
        after=_noted(after),
        community=name,
    )


def _of_policy(verb: str, before: Community, after: Community) -> Did:
    said = [
        {"publishing": one.publishing, "asked_by": one.lowering.person_id if one.lowering else None}
        for one in (before, after)
    ]
    name = after.community
    return Did(f"review_policy.{verb}", "review_policy", name, before=said[0], after=said[1], community=name)


def _noted(community: Community) -> Mapping[str, Any]:
    newest = community.calendar.reckonings[-1]
    return {
        "title": community.title,
        "time_zone": newest.time_zone,
        "week_start": newest.week_start,
        "currency": community.currency,
        "languages": community.languages,
        "shown_as": community.look.name,
        "colours": community.look.colours,
        "has_logo": community.look.logo_png is not None,
        "public": community.public,
        "publishing": community.publishing,
        "one_person_waits": community.lowering is not None,
        "backtest": community.backtest,
        "texts_days": community.retention.texts_days,
        "rejected_days": community.retention.rejected_days,
        "bots": community.bots,
        "standings": {name: rule._asdict() for name, rule in community.standings.items()},
        "embed_sites": community.embed_sites,
        "revision": community.revision,
    }


def _notice(tx: Transaction[Settings]) -> timedelta:
    settings = tx.settings
    return timedelta(seconds=settings.calendar_notice_seconds + settings.future_tolerance_seconds)


async def _tell(tx: Transaction, community: Community) -> None:
    look = community.look
    data: CommunityData = {
        "title": community.title,
        "calendar": community.calendar.data,
        "currency": community.currency,
        "languages": list(community.languages),
        "look": {"name": look.name},
        "public": list(community.public),
        "review_policy": {"publishing": community.publishing, "backtest": community.backtest},
        "retention": {
            "texts_days": community.retention.texts_days,
            "rejected_days": community.retention.rejected_days,
        },
        "bots": list(community.bots),
        "standings": _told_as(community.standings),
        "embed_sites": list(community.embed_sites),
        "revision": community.revision,
    }
    if look.colours is not None:
        background, text, accent = look.colours
        data["look"]["colours"] = {"background": background, "text": text, "accent": accent}
    if look.logo_png is not None:
        data["look"]["logo_png"] = b64encode(look.logo_png).decode()
    # What visitors of this service may see is where every service has it.
    await put_communities(tx.conn, data={community.community: data})
    tx.tell(
        COMMUNITIES,
        COMMUNITY_CHANGED,
        fact_id=f"{community.community}/{community.revision}",
        community=community.community,
        subject=community.community,
        data=data,
    )
