"""Messages that are due are sent: taken by a transaction, handed over outside it, and what became of them noted.

1. Some are taken, and it is committed that they are being sent.
2. They are handed over, one by one. No transaction is open meanwhile.
3. What became of each is noted, in the transaction that takes the next.

So none is sent twice by itself: where a process is killed after 1, what it had taken is `unknown` after a while.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from services.ingest.communities import store as communities_store
from services.ingest.communities.domain.communities import Community
from services.ingest.members.domain import MemberKey
from services.ingest.messages.domain.kinds import KINDS, Channel
from services.ingest.messages.domain.messages import (
    AddressState,
    Message,
    MessageState,
    Reach,
    Room,
    Why,
    why_not,
)
from services.ingest.messages.domain.messages import Settings as MessageSettings
from services.ingest.messages.domain.timing import retried_after
from services.ingest.messages.handlers import rooms
from services.ingest.messages.handlers.composing import compose, language_of, room_text, write_mail
from services.ingest.messages.handlers.mail import Answer, Handed, Mailer
from services.ingest.messages.handlers.sealing import Link, address_hash, open_address, write_link
from services.ingest.messages.store import messages as store
from services.ingest.messages.store import reach as reach_store
from services.ingest.messages.store import settings as settings_store
from services.ingest.messages.store.messages import Outcome
from services.ingest.messages.store.reach import Recipient
from services.ingest.messages.store.settings import Template
from services.ingest.metrics import MESSAGES_BOUNCED, MESSAGES_OLDEST, MESSAGES_TRIED, MESSAGES_UNKNOWN
from services.ingest.settings import Settings
from shared.service.spec import Begin
from shared.transaction import Transaction

SEND_EVERY_SECONDS = 1.0
KEEP_EVERY_SECONDS = 60.0
KEPT_AT_ONCE_MAX_COUNT = 1_000


@dataclass(frozen=True)
class Known:
    """What is known, as messages are taken, of those whom they are for."""

    settings: Mapping[str, MessageSettings]
    declared: Mapping[str, Community]
    templates: Mapping[tuple[str, str, str], Template]
    rooms: Mapping[tuple[str, Channel], Room]
    reach: Mapping[MemberKey, Reach]
    recipients: Mapping[tuple[str, str], Recipient]
    now: datetime


async def send_due(begin: Begin, until: float) -> None:
    """Errand: send what is due, until nothing is or the moment `until` of the monotonic clock."""
    outcomes: list[Outcome] = []
    mailer: Mailer | None = None
    client: httpx.AsyncClient | None = None
    try:
        while True:
            async with begin() as tx:
                settings = tx.settings
                await _settle(tx, outcomes)
                outcomes = []
                taken = await _take(tx) if time.monotonic() < until else []
                known = await _load(tx, taken)
            if not taken:
                return
            mailer = mailer or Mailer(settings)
            if client is None and any(one.channel is not Channel.MAIL for one in taken):
                client = httpx.AsyncClient(timeout=settings.smtp_seconds, trust_env=False)
            outcomes = await _send_all(taken, known, settings, mailer=mailer, client=client)
    finally:
        # What was handed over is noted whatever ends this, a cancellation too.
        if outcomes:
            await asyncio.shield(_note(begin, outcomes))
        if mailer is not None:
            await mailer.close()
        if client is not None:
            await client.aclose()


async def _note(begin: Begin, outcomes: Sequence[Outcome]) -> None:
    async with begin() as tx:
        await _settle(tx, outcomes)


async def _take(tx: Transaction[Settings]) -> list[Message]:
    return await store.claim_due(tx.conn, now=tx.now, limit_count=tx.settings.messages_batch_max_count)


async def _settle(tx: Transaction[Settings], outcomes: Sequence[Outcome]) -> None:
    if not outcomes:
        return
    timed = [
        one._replace(due_at=tx.now + max(retried_after(one.tries_count), timedelta(seconds=one.again_seconds)))
        if one.state is MessageState.WAITING
        else one
        for one in outcomes
    ]
    await store.set_outcomes(tx.conn, outcomes=timed, now=tx.now)
    for one in outcomes:
        if one.stopped_hash is not None:
            stopped = await reach_store.stop_hash(
                tx.conn, community=one.community, address_hash=one.stopped_hash, state=AddressState.BOUNCED
            )
            MESSAGES_BOUNCED.labels("bounced").inc(stopped)
        if one.gone is not None:
            channel, set_at = one.gone
            await settings_store.set_room_gone(
                tx.conn, community=one.community, channel=channel, set_at=set_at, why=one.said or "", at=tx.now
            )
    MESSAGES_UNKNOWN.inc(sum(one.state is MessageState.UNKNOWN for one in outcomes))


async def _load(tx: Transaction[Settings], taken: Sequence[Message]) -> Known:
    communities = {one.community for one in taken}
    keys = sorted({MemberKey(one.community, one.member_id) for one in taken if one.member_id})
    held = sorted({(one.community, one.recipient_id) for one in taken if one.recipient_id})
    return Known(
        await settings_store.load_settings(tx.conn, communities=communities),
        await communities_store.load_communities(tx.conn, communities=communities),
        await settings_store.load_templates(tx.conn, communities=communities),
        await settings_store.load_rooms(tx.conn, communities=communities),
        await reach_store.load_reach(tx.conn, keys=keys, now=tx.now),
        await reach_store.load_recipients(tx.conn, keys=held),
        tx.now,
    )


async def _send_all(
    taken: Sequence[Message], known: Known, settings: Settings, *, mailer: Mailer, client: httpx.AsyncClient | None
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    #: What rooms said that take no more for now, or never: nothing else is posted there.
    closed: dict[tuple[str, Channel], Outcome] = {}
    for together in _together(taken):
        first = together[0]
        if first.channel is Channel.MAIL:
            done = await _mail(together, known, settings, mailer=mailer)
        else:
            room = (first.community, first.channel)
            assert client is not None  # noqa: S101 -- made where one of them is for a room
            done = [
                await _post(first, known, settings, client=client)
                if room not in closed
                else _like(first, closed[room])
            ]
            if done[0].again_seconds > 0 or done[0].gone is not None:
                closed.setdefault(room, done[0])
        for one in done:
            MESSAGES_TRIED.labels(first.channel.value, one.state.value).inc()
        outcomes.extend(done)
    return outcomes


def _together(taken: Sequence[Message]) -> list[list[Message]]:
    """Messages that go in one mail: those of a digest by their member; each other alone."""
    digests: dict[tuple[str, str], list[Message]] = {}
    alone: list[list[Message]] = []
    for one in taken:
        if one.in_digest and one.member_id is not None:
            digests.setdefault((one.community, one.member_id), []).append(one)
        else:
            alone.append([one])
    return [*alone, *(sorted(some, key=lambda one: one.requested_at) for some in digests.values())]


async def _mail(together: Sequence[Message], known: Known, settings: Settings, *, mailer: Mailer) -> list[Outcome]:
    outcomes: list[Outcome] = []
    sendable: list[Message] = []
    for one in together:
        why = _why_not(one, known, settings)
        if why is None:
            sendable.append(one)
        else:
            outcomes.append(_of(one, MessageState.DROPPED, why))
    if not sendable:
        return outcomes
    first = sendable[0]
    to = _address_of(first, known, settings)
    if to is None:
        return outcomes + [_of(one, MessageState.FAILED, Why.NOT_OPENED) for one in sendable]
    address, of_id, name, language = to
    declared = known.declared.get(first.community)
    composed = [
        compose(
            one,
            settings=settings,
            declared=declared,
            templates=known.templates,
            name=name,
            language=language_of(language, declared),
            link=_link_of(one, of_id, settings),
        )
        for one in sendable
    ]
    what = "recipient" if first.recipient_id else "address"
    stop = None if KINDS[first.kind].is_service else Link(what, first.community, of_id, first.kind)
    mail = write_mail(
        composed,
        message=first,
        settings=settings,
        own=known.settings[first.community],
        declared=declared,
        to=address,
        stop=stop,
        at=known.now,
    )
    sender = (settings.smtp_bounces_to or settings.smtp_from).replace("{id}", first.message_id)
    answer = await mailer.hand_over(mail, sender=sender, to=address)
    stopped = (
        address_hash(settings, address, community=first.community)
        if answer.handed is Handed.REFUSED_ADDRESS
        else None
    )
    return outcomes + [
        _outcome(one, answer, settings, with_id=first.message_id)._replace(stopped_hash=stopped)
        for one in sendable
    ]


def _link_of(message: Message, of_id: str, settings: Settings) -> str | None:
    """The link of a message to the very thing, or by which its reader does what it asks; None in most."""
    base = settings.public_url.rstrip("/")
    if message.kind == "address":
        until = message.requested_at + timedelta(days=settings.address_days)
        token = write_link(settings, Link("confirm", message.community, of_id, message.kind, until))
        return f"{base}/confirm-address/{token}"
    if message.kind == "survey" and (invitation_id := message.values.get("invitation_id")):
        link = Link("survey", message.community, invitation_id, message.kind, message.expires_at)
        return f"{base}/survey/{write_link(settings, link)}"
    if message.kind == "offer" and message.recipient_id and (line_id := message.values.get("line_id")):
        link = Link("offer", message.community, message.recipient_id, line_id, message.expires_at)
        return f"{base}/offer/{write_link(settings, link)}"
    if message.kind == "idea" and (idea_id := message.values.get("idea_id")):
        return f"{base}/me/ideas/{idea_id}"
    if message.kind == "nomination" and (round_id := message.values.get("round_id")):
        return f"{base}/me/nominations/{round_id}"
    return None


def _why_not(one: Message, known: Known, settings: Settings) -> Why | None:
    """Why a message that is due is not sent after all: what was so when it was asked for may not be any more."""
    if not settings.smtp_host:
        return Why.NOT_SET_UP
    if one.expires_at is not None and one.expires_at <= known.now:
        return Why.EXPIRED
    if one.recipient_id is not None:
        held = known.recipients.get((one.community, one.recipient_id))
        if held is None:
            return Why.NO_ADDRESS
        return None if held.state is AddressState.CONFIRMED else Why.STOPPED_ADDRESS
    found = known.reach.get(MemberKey(one.community, one.member_id or ""))
    return Why.ERASED if found is None else why_not(found, kind=one.kind, is_service=KINDS[one.kind].is_service)


def _address_of(one: Message, known: Known, settings: Settings) -> tuple[str, str, str | None, str | None] | None:
    """The address, its id, the name and the language of whom a message is for."""
    if one.recipient_id is not None:
        held = known.recipients[(one.community, one.recipient_id)]
        opened = open_address(settings, held.content, community=one.community, of_id=held.recipient_id)
        return None if opened is None else (opened, held.recipient_id, None, one.language or held.language)
    found = known.reach[MemberKey(one.community, one.member_id or "")]
    if found.address is None:
        return None
    of_id = found.address.address_id
    opened = open_address(settings, found.address.content, community=one.community, of_id=of_id)
    return None if opened is None else (opened, of_id, found.name, found.language)


async def _post(one: Message, known: Known, settings: Settings, *, client: httpx.AsyncClient) -> Outcome:
    room = known.rooms.get((one.community, one.channel))
    found = known.reach.get(MemberKey(one.community, one.member_id or ""))
    if room is None:
        return _of(one, MessageState.DROPPED, Why.NOT_SET_UP)
    if room.gone_at is not None:
        return _of(one, MessageState.DROPPED, Why.ROOM_GONE)
    if found is None or found.is_erased or not found.is_shown or found.opted_out:
        return _of(one, MessageState.DROPPED, Why.UNWANTED)
    url = open_address(settings, room.content, community=one.community, of_id=one.channel.value)
    if url is None:
        return _of(one, MessageState.FAILED, Why.NOT_OPENED)
    declared = known.declared.get(one.community)
    text = room_text(
        one, settings=settings, declared=declared, name=found.name, language=language_of(None, declared)
    )
    answer = await rooms.post(client, one.channel, url, text)
    if answer.handed is Handed.GONE:
        gone = (one.channel, room.set_at)
        return _of(one, MessageState.FAILED, Why.ROOM_GONE, answer.said)._replace(gone=gone)
    outcome = _outcome(one, answer, settings, with_id=one.message_id)
    return outcome._replace(again_seconds=answer.again_seconds)


def _like(one: Message, said: Outcome) -> Outcome:
    """What becomes of a message to a room that is closed: it waits as long, or the room is gone for it too."""
    if said.gone is not None:
        return _of(one, MessageState.DROPPED, Why.ROOM_GONE)
    return _of(one, MessageState.WAITING, Why.NO_ANSWER, said.said)._replace(again_seconds=said.again_seconds)


def _outcome(one: Message, answer: Answer, settings: Settings, *, with_id: str) -> Outcome:
    together = None if with_id == one.message_id else with_id
    if answer.handed is Handed.TAKEN:
        return _of(one, MessageState.SENT, said=answer.said, with_id=together)
    if answer.handed is Handed.UNKNOWN:
        return _of(one, MessageState.UNKNOWN, Why.NO_ANSWER, answer.said, together)
    if answer.handed is Handed.REFUSED_ADDRESS:
        return _of(one, MessageState.BOUNCED, Why.REFUSED, answer.said, together)
    if answer.handed is Handed.REFUSED:
        return _of(one, MessageState.FAILED, Why.REFUSED, answer.said, together)
    if one.tries_count >= settings.messages_tries_max_count:
        return _of(one, MessageState.FAILED, Why.TRIES_OVER, answer.said)
    return _of(one, MessageState.WAITING, Why.NO_ANSWER, answer.said)


def _of(
    one: Message, state: MessageState, why: Why | None = None, said: str | None = None, with_id: str | None = None
) -> Outcome:
    return Outcome(one.community, one.message_id, state, why, said, with_id, one.tries_count)


async def keep_in_order(tx: Transaction[Settings]) -> bool:
    """Timer: say of what nobody settled that nobody knows, and let go what is kept no longer."""
    own = tx.settings
    stale = timedelta(seconds=own.messages_unknown_seconds)
    MESSAGES_UNKNOWN.inc(await store.set_unknown(tx.conn, claimed_before=tx.now - stale, now=tx.now))
    MESSAGES_OLDEST.set(await store.oldest_due(tx.conn, now=tx.now))
    many = KEPT_AT_ONCE_MAX_COUNT
    settled_before = tx.now - timedelta(days=own.messages_days)
    gone = await store.delete_settled(tx.conn, before=settled_before, limit_count=many)
    left = await reach_store.delete_recipients_beyond(tx.conn, now=tx.now, limit_count=many)
    return many in (gone, left)
