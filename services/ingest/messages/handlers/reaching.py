"""Where members are reached, what they wish, and those who are written to before they are members."""

from dataclasses import replace
from datetime import datetime, timedelta
from email.headerregistry import Address as MailAddress
from typing import Final

import uuid_utils

from services.ingest.members.domain import MemberKey, UnknownMemberError
from services.ingest.messages.domain.kinds import KINDS, Channel
from services.ingest.messages.domain.messages import (
    Address,
    AddressState,
    Message,
    MessageState,
    NoAddressError,
    NoTokenError,
    NotSetUpError,
    Reach,
    UnknownRecipientError,
    message_id,
)
from services.ingest.messages.domain.timing import Wishes
from services.ingest.messages.handlers.saying import kind_named
from services.ingest.messages.handlers.sealing import (
    Link,
    address_hash,
    open_address,
    read_link,
    seal_address,
)
from services.ingest.messages.store import messages as messages_store
from services.ingest.messages.store import reach as store
from services.ingest.messages.store.reach import Recipient
from services.ingest.metrics import MESSAGES_BOUNCED
from services.ingest.settings import Settings
from shared.audit import Actor, Did
from shared.postgres import Connection
from shared.transaction import Transaction

ADDRESS_MAX_CHARS: Final = 254
#: The credential of whoever follows a link in a message: it shows that they read the mail, not who they are.
BY_LINK: Final = "link_in_message"


class NotAnAddressError(Exception):
    """A text is no mail address that Plaudit writes to."""


def checked_address(text: str) -> str:
    """A mail address with its domain in lower case. Raises NotAnAddressError; nothing else fits into a header."""
    stripped = text.strip()
    if len(stripped) > ADDRESS_MAX_CHARS or any(char in stripped for char in ' \t\r\n<>",;:()[]\\'):
        raise NotAnAddressError
    user, _, domain = stripped.rpartition("@")
    try:
        MailAddress(username=user, domain=domain)
        in_ascii = domain.encode("idna").decode()
    except (ValueError, IndexError, UnicodeError) as error:
        raise NotAnAddressError from error
    # A name beyond ASCII takes a server that knows SMTPUTF8 (RFC 6531), on the whole way.
    if not user or not user.isascii() or "." not in in_ascii or not stripped.isprintable():
        raise NotAnAddressError
    return f"{user}@{in_ascii.lower()}"


async def find_reach(conn: Connection, *, key: MemberKey, now: datetime) -> Reach:
    """How a member is reached. Raises UnknownMemberError."""
    found = (await store.load_reach(conn, keys=[key], now=now)).get(key)
    if found is None or found.is_erased:
        raise UnknownMemberError(key.member_id)
    return found


def shown_address(settings: Settings, reach: Reach) -> str | None:
    """The address itself, for whoever may see it; None where there is none, or its key is gone."""
    if reach.address is None:
        return None
    one = reach.address
    return open_address(settings, one.content, community=one.community, of_id=one.address_id)


async def set_address(tx: Transaction[Settings], *, key: MemberKey, address: str, is_confirmed: bool) -> Reach:
    """Say where a member is reached; one that nobody has confirmed is asked, by a message to it.

    Said again it stays as it is, and is not asked again within the time that its link holds. Raises
    UnknownMemberError, NotAnAddressError and NotSetUpError.
    """
    if not is_confirmed and not tx.settings.smtp_host:
        raise NotSetUpError("No mail is sent here: whoever runs Plaudit sets PLAUDIT_SMTP_HOST")
    text = checked_address(address)
    reach = await find_reach(tx.conn, key=key, now=tx.now)
    head = MemberKey(key.community, reach.head_id)
    known, hashed = reach.address, address_hash(tx.settings, text, community=key.community)
    if known is not None and known.hash == hashed and _is_enough(tx, known, is_confirmed=is_confirmed):
        after = {"state": known.state.value}
        tx.did(Did("member.set_mail_address", "member", head.member_id, head.member_id, before=after, after=after))
        return reach
    address_id = str(uuid_utils.uuid4())
    made = Address(
        key.community,
        head.member_id,
        address_id,
        seal_address(tx.settings, text, community=key.community, of_id=address_id),
        hashed,
        AddressState.CONFIRMED if is_confirmed else AddressState.UNCONFIRMED,
        tx.now,
    )
    await store.put_address(tx.conn, address=made)
    if not is_confirmed:
        await _ask(tx, made)
    tx.did(
        Did("member.set_mail_address", "member", head.member_id, head.member_id, after={"state": made.state.value})
    )
    return reach._replace(address=made)


def _is_enough(tx: Transaction[Settings], known: Address, *, is_confirmed: bool) -> bool:
    """Whether nothing changes when an address is said again."""
    if known.state is AddressState.CONFIRMED or is_confirmed:
        return known.state is AddressState.CONFIRMED
    asked_lately = known.said_at > tx.now - timedelta(days=tx.settings.address_days)
    return known.state is not AddressState.UNCONFIRMED or asked_lately


async def _ask(tx: Transaction[Settings], address: Address) -> None:
    request_id = address.address_id
    asked = Message(
        community=address.community,
        message_id=message_id(request_id, Channel.MAIL),
        request_id=request_id,
        channel=Channel.MAIL,
        kind="address",
        member_id=address.member_id,
        recipient_id=None,
        language=None,
        values={},
        state=MessageState.WAITING,
        requested_at=tx.now,
        due_at=tx.now,
        expires_at=tx.now + timedelta(days=tx.settings.address_days),
        in_digest=False,
        tries_count=0,
    )
    await messages_store.add_messages(tx.conn, messages=[asked])


async def confirm_address(tx: Transaction[Settings], *, token: str) -> None:
    """Take somebody's word that an address is theirs. Raises NoTokenError, also for one that is replaced."""
    link = read_link(tx.settings, token, what="confirm", now=tx.now)
    known = await store.find_address(tx.conn, community=link.community, address_id=link.of_id)
    if known is None:
        raise NoTokenError
    if known.state is AddressState.UNCONFIRMED:
        await store.set_address_state(
            tx.conn, community=link.community, address_id=link.of_id, state=AddressState.CONFIRMED
        )
    by = Actor(link.community, known.member_id, BY_LINK)
    after = {"state": AddressState.CONFIRMED.value}
    tx.did(Did("member.confirm_mail_address", "member", known.member_id, known.member_id, after=after, actor=by))


async def forget_address(tx: Transaction[Settings], *, key: MemberKey) -> None:
    """Write to a member no more, and forget where. Raises UnknownMemberError and NoAddressError."""
    reach = await find_reach(tx.conn, key=key, now=tx.now)
    if not await store.delete_addresses(tx.conn, community=key.community, member_id=reach.head_id):
        raise NoAddressError
    after = {"state": None}
    tx.did(Did("member.forget_mail_address", "member", reach.head_id, reach.head_id, after=after))


async def set_wishes(tx: Transaction[Settings], *, key: MemberKey, wishes: Wishes) -> Reach:
    """Say what a member wishes of messages. Raises UnknownMemberError and UnknownKindError."""
    for name in wishes.without:
        kind_named(name)
    reach = await find_reach(tx.conn, key=key, now=tx.now)
    await store.put_wishes(tx.conn, key=MemberKey(key.community, reach.head_id), wishes=wishes)
    after = {"without": sorted(wishes.without), "pace": wishes.pace.value}
    tx.did(Did("member.set_message_wishes", "member", reach.head_id, reach.head_id, after=after))
    return reach._replace(wishes=wishes)


async def stop_kind(tx: Transaction[Settings], *, token: str) -> None:
    """End a kind of messages for whoever has the link. Done again nothing changes. Raises NoTokenError."""
    link = read_stop(tx.settings, token, now=tx.now)
    member_id = await (_stop_recipient(tx, link) if link.what == "recipient" else _stop_member(tx, link))
    by = Actor(link.community, member_id, BY_LINK)
    tx.did(Did("message.stop", "message", link.kind, member_id, after={"of": link.what}, actor=by))


async def _stop_recipient(tx: Transaction[Settings], link: Link) -> None:
    held = await store.load_recipients(tx.conn, keys=[(link.community, link.of_id)])
    one = held.get((link.community, link.of_id))
    if one is not None and one.state is AddressState.CONFIRMED:
        stopped = await store.stop_hash(
            tx.conn, community=link.community, address_hash=one.hash, state=AddressState.COMPLAINED
        )
        MESSAGES_BOUNCED.labels("unsubscribed").inc(stopped)


async def _stop_member(tx: Transaction[Settings], link: Link) -> str | None:
    """Whose wish it is now; None where the address is gone, and nobody is written to there."""
    known = await store.find_address(tx.conn, community=link.community, address_id=link.of_id)
    if known is None:
        return None
    key = MemberKey(link.community, known.member_id)
    reach = (await store.load_reach(tx.conn, keys=[key], now=tx.now)).get(key)
    if reach is not None and link.kind not in reach.wishes.without and not KINDS[link.kind].is_service:
        wishes = replace(reach.wishes, without=reach.wishes.without | {link.kind})
        await store.put_wishes(tx.conn, key=MemberKey(key.community, reach.head_id), wishes=wishes)
        MESSAGES_BOUNCED.labels("unsubscribed").inc()
    return known.member_id


def read_stop(settings: Settings, token: str, *, now: datetime) -> Link:
    """What a link out of messages is for. Raises NoTokenError."""
    try:
        return read_link(settings, token, what="address", now=now)
    except NoTokenError:
        return read_link(settings, token, what="recipient", now=now)


async def add_recipient(
    tx: Transaction[Settings], *, community: str, address: str, language: str | None, days: int
) -> Recipient:
    """Hold somebody who is no member yet, to be written to; the same address is the same recipient.

    Raises NotAnAddressError and NotSetUpError.
    """
    held = held_recipient(
        tx.settings, checked_address(address), community=community, language=language, days=days, now=tx.now
    )
    await store.add_recipients(tx.conn, recipients=[held])
    after = {"kept_until": held.kept_until}
    tx.did(Did("recipient.add", "recipient", held.recipient_id, after=after))
    return held


def held_recipient(
    settings: Settings, address: str, *, community: str, language: str | None, days: int, now: datetime
) -> Recipient:
    """Somebody with a `checked_address` as they are held. Raises NotSetUpError."""
    hashed = address_hash(settings, address, community=community)
    recipient_id = _id_of(community, hashed)
    return Recipient(
        community,
        recipient_id,
        seal_address(settings, address, community=community, of_id=recipient_id),
        hashed,
        AddressState.CONFIRMED,
        language,
        now + timedelta(days=min(days, settings.recipients_max_days)),
    )


def _id_of(community: str, hashed: str) -> str:
    """An id that the address cannot be guessed from without the key of identities."""
    return str(uuid_utils.uuid5(uuid_utils.NAMESPACE_OID, f"recipient|{community}|{hashed}"))


async def forget_recipient(tx: Transaction[Settings], *, community: str, recipient_id: str) -> None:
    """Hold a recipient no more. Raises UnknownRecipientError."""
    if not await store.delete_recipient(tx.conn, community=community, recipient_id=recipient_id):
        raise UnknownRecipientError
    tx.did(Did("recipient.forget", "recipient", recipient_id, after={"kept_until": None}))
