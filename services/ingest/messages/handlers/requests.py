"""Messages that services ask for: who is reached by which way, and when, is decided as the request comes."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.ingest.communities import store as communities_store
from services.ingest.members.domain import MemberKey
from services.ingest.messages.domain.kinds import KINDS, Channel
from services.ingest.messages.domain.messages import (
    Message,
    MessageState,
    Reach,
    Settings,
    Why,
    message_id,
    why_not,
)
from services.ingest.messages.domain.timing import Pace, goes_at
from services.ingest.messages.store import messages as store
from services.ingest.messages.store import reach as reach_store
from services.ingest.messages.store import settings as settings_store
from services.ingest.metrics import MESSAGES_REQUESTED
from services.ingest.settings import Settings as OwnSettings
from shared.consumer import Subscription
from shared.contracts.facts import MESSAGE_REQUESTED, MessageRequested
from shared.topics import MESSAGES
from shared.transaction import Transaction


async def on_requests(tx: Transaction[OwnSettings], facts: list[MessageRequested]) -> None:
    """Have messages wait until they are due; of a kind that a community did not turn on nothing is kept."""
    communities = {fact["community"] for fact in facts}
    settings = await settings_store.load_settings(tx.conn, communities=communities)
    wanted = [fact for fact in facts if _ways(fact, settings[fact["community"]])]
    MESSAGES_REQUESTED.labels("not_turned_on").inc(len(facts) - len(wanted))
    if not wanted:
        return
    keys = sorted(
        {MemberKey(fact["community"], fact["data"]["member_id"]) for fact in wanted if "member_id" in fact["data"]}
    )
    reach = await reach_store.load_reach(tx.conn, keys=keys, now=tx.now)
    heads = {(key.community, found.head_id) for key, found in reach.items()}
    counts = await store.count_of_day(tx.conn, keys=heads, now=tx.now)
    zones = await load_zones(tx, communities)
    made: list[Message] = []
    for fact in wanted:
        own = settings[fact["community"]]
        for channel in sorted(_ways(fact, own)):
            one = _message(tx, fact, settings=own, channel=channel, reach=reach, zones=zones)
            if one is not None:
                made.append(_within_day(one, own, counts=counts, now=tx.now, zones=zones, reach=reach))
    # A request that came before is the same message: it takes nothing of the day again, since it is not added.
    await store.add_messages(tx.conn, messages=made)
    for one in made:
        MESSAGES_REQUESTED.labels(one.state.value).inc()


def _ways(fact: MessageRequested, settings: Settings) -> Collection[Channel]:
    kind = KINDS.get(fact["data"]["kind"])
    if kind is None or "recipient_id" in fact["data"]:
        return (Channel.MAIL,) if kind is not None else ()
    return settings.kinds.get(kind.name, ())


def _message(
    tx: Transaction[OwnSettings],
    fact: MessageRequested,
    *,
    settings: Settings,
    channel: Channel,
    reach: dict[MemberKey, Reach],
    zones: dict[str, ZoneInfo],
) -> Message | None:
    data, community = fact["data"], fact["community"]
    found = reach.get(MemberKey(community, data["member_id"])) if "member_id" in data else None
    state, why, due, in_digest = MessageState.WAITING, None, tx.now, False
    if "member_id" in data:
        if found is None:
            return None
        if channel is Channel.MAIL:
            why = why_not(found, kind=data["kind"], is_service=KINDS[data["kind"]].is_service)
            due, in_digest = due_at(found, settings, kind=data["kind"], now=tx.now, zone=zones[community])
        elif not found.is_shown or found.is_erased or found.opted_out or not found.is_person:
            # A room is read by all: who is on no board is not spoken of.
            why = Why.UNWANTED
    if "expires_at" in data and data["expires_at"] <= tx.now:
        why = Why.EXPIRED
    if why is not None:
        state = MessageState.DROPPED
    return Message(
        community=community,
        message_id=message_id(data["request_id"], channel),
        request_id=data["request_id"],
        channel=channel,
        kind=data["kind"],
        member_id=None if found is None else found.head_id,
        recipient_id=data.get("recipient_id"),
        language=None,
        values=data["values"],
        state=state,
        requested_at=tx.now,
        due_at=due,
        expires_at=data.get("expires_at"),
        in_digest=in_digest,
        tries_count=0,
        settled_at=tx.now if why is not None else None,
        why=why,
    )


def due_at(reach: Reach, settings: Settings, *, kind: str, now: datetime, zone: ZoneInfo) -> tuple[datetime, bool]:
    """When a member's message goes by mail, and whether with others in a digest."""
    if KINDS[kind].is_service:
        return now, False
    wishes = reach.wishes
    due = goes_at(
        now,
        zone=zone_of(reach, zone),
        pace=wishes.pace,
        quiet=wishes.quiet or settings.quiet,
        digest=time.fromisoformat(settings.digest),
    )
    return due, wishes.pace is not Pace.AT_ONCE


def _within_day(
    one: Message,
    settings: Settings,
    *,
    counts: dict[tuple[str, str], int],
    now: datetime,
    zones: dict[str, ZoneInfo],
    reach: dict[MemberKey, Reach],
) -> Message:
    """A message, which goes with the next digest where its member was to get as many within the day as may be."""
    if (
        one.state is not MessageState.WAITING
        or one.channel is not Channel.MAIL
        or one.member_id is None
        or one.in_digest
    ):
        return one
    if KINDS[one.kind].is_service:
        return one
    key = (one.community, one.member_id)
    if counts.get(key, 0) < settings.day_max_count:
        counts[key] = counts.get(key, 0) + 1
        return one
    found = next((found for found in reach.values() if found.head_id == one.member_id), None)
    zone = zones[one.community] if found is None else zone_of(found, zones[one.community])
    due = goes_at(now, zone=zone, pace=Pace.DAILY, quiet=None, digest=time.fromisoformat(settings.digest))
    return replace(one, due_at=due, in_digest=True)


def zone_of(reach: Reach, otherwise: ZoneInfo) -> ZoneInfo:
    """The member's time zone, or the community's where they said none that is known here."""
    try:
        return otherwise if reach.zone is None else ZoneInfo(reach.zone)
    except (ZoneInfoNotFoundError, ValueError):
        return otherwise


async def load_zones(tx: Transaction[OwnSettings], communities: Collection[str]) -> dict[str, ZoneInfo]:
    """The time zones of communities as they are now; of one that nobody declared it is UTC."""
    known = await communities_store.load_communities(tx.conn, communities=communities)
    return {
        name: ZoneInfo(known[name].calendar.reckonings[-1].time_zone if name in known else "UTC")
        for name in communities
    }


REQUESTED = Subscription(MESSAGES, MESSAGE_REQUESTED.adapter, on_requests)
