"""Tables of people are looked up and held; whoever follows the link of a mail becomes a member."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from services.ingest.access.sign_ins.handlers import SignedIn, sign_in_as_member
from services.ingest.event_types.handlers import on_their_channels
from services.ingest.members.domain import Email, IdentityKey, Member, Proven, ProvenBy
from services.ingest.members.handlers.declaring import declare_identities, owners_of
from services.ingest.messages.domain.messages import NoTokenError
from services.ingest.messages.handlers.reaching import (
    BY_LINK,
    NotAnAddressError,
    checked_address,
    held_recipient,
)
from services.ingest.messages.handlers.sealing import Link, open_address, read_link
from services.ingest.messages.store import reach as reach_store
from services.ingest.messages.store.reach import Recipient
from services.ingest.recipients import store
from services.ingest.recipients.domain import (
    Addressee,
    MemberElsewhereError,
    TableRefusedError,
    Wanted,
    read_people,
)
from services.ingest.settings import Settings
from shared.audit import Actor, Did
from shared.contracts.identities import NamedIdentity, NotAnIdentityError, identity_hash, read_identity
from shared.csv_tables import TableFault
from shared.postgres import Connection
from shared.transaction import Transaction

#: By which identity somebody who was written to becomes a member; rewards knows them by it.
CHANNEL: Final = "import"
OFFER: Final = "offer"


class OfferLink(NamedTuple):
    """What the link of a mail is for."""

    community: str
    recipient_id: str
    line_id: str
    until: datetime | None


async def take_table(
    tx: Transaction[Settings], text: str, *, community: str, language: str | None, days: int
) -> list[Addressee]:
    """Who the people of a table are: members, or recipients who are held from now on. All of it or nothing.

    An address that one member has confirmed, or a platform has verified for one, is that member. Raises
    TableRefusedError and NotSetUpError.
    """
    people, faults = read_people(text)
    addresses = dict[int, str]()
    for one in people:
        try:
            if one.email:
                addresses[one.line] = checked_address(one.email)
        except NotAnAddressError:
            faults.append(TableFault(one.line, "it has no mail address that one could write to"))
    named = await _named(tx, [one for one in people if one.member and not one.email], community=community)
    faults += [
        TableFault(one.line, "nobody here is that member: write an id, or an identity such as forum:ada")
        for one in people
        if one.member and not one.email and one.line not in named
    ]
    if faults:
        raise TableRefusedError(sorted(faults))
    held = {
        line: held_recipient(tx.settings, address, community=community, language=language, days=days, now=tx.now)
        for line, address in addresses.items()
    }
    known = await _by_address(tx, held, addresses=addresses, community=community)
    strangers = {line: one for line, one in held.items() if line not in known}
    await reach_store.add_recipients(tx.conn, recipients=list(strangers.values()))
    tx.did(
        Did(
            "recipient.add_table",
            "recipient",
            community,
            after={"members": len(named) + len(known), "recipients": len(strangers)},
        )
    )
    return [
        Addressee(
            one.line,
            named.get(one.line) or known.get(one.line),
            strangers[one.line].recipient_id if one.line in strangers else None,
            one.reward or None,
        )
        for one in people
    ]


async def _named(tx: Transaction, people: Sequence[Wanted], *, community: str) -> dict[int, str]:
    """The members whom lines name, by line: of those that there are."""
    ids, identities = dict[int, str](), dict[int, NamedIdentity]()
    for one in people:
        try:
            ids[one.line] = str(UUID(one.member))
        except ValueError:
            try:
                identities[one.line] = read_identity(one.member)
            except NotAnIdentityError:
                continue
    compared = await on_their_channels(
        tx.conn, community=community, identities=list(identities.values()), now=tx.now, are_new=False
    )
    keys = {line: IdentityKey(community, *one) for line, one in zip(identities, compared, strict=True)}
    owners = await owners_of(tx, list(keys.values()))
    ids |= {line: owners[key] for line, key in keys.items() if key in owners}
    heads = await store.load_ids(tx.conn, community=community, member_ids=ids.values())
    return {line: heads[member_id] for line, member_id in ids.items() if member_id in heads}


async def _by_address(
    tx: Transaction[Settings], held: dict[int, Recipient], *, addresses: dict[int, str], community: str
) -> dict[int, str]:
    """The members whose addresses lines have, by line."""
    confirmed = await store.load_by_addresses(
        tx.conn, community=community, hashes={one.hash for one in held.values()}
    )
    emails = {line: _email(tx.settings, address, community=community) for line, address in addresses.items()}
    verified = await store.load_by_emails(
        tx.conn, community=community, hashes={one.hash for one in emails.values()}
    )
    return {
        line: member_id
        for line, one in held.items()
        if (member_id := confirmed.get(one.hash) or verified.get(emails[line].hash)) is not None
    }


def _email(settings: Settings, address: str, *, community: str) -> Email:
    """An address as identities have it, from its owner: whoever reads its mail."""
    said = hashlib.sha256(address.lower().encode()).hexdigest()
    return Email(identity_hash(settings.identity_key_bytes, community, NamedIdentity("email", said)), True)


def read_offer(settings: Settings, *, token: str, now: datetime) -> OfferLink:
    """What a link is for. Raises NoTokenError for one that is not ours, or is over."""
    link: Link = read_link(settings, token, what=OFFER, now=now)
    return OfferLink(link.community, link.of_id, link.kind, link.until)


async def find_held(conn: Connection, link: OfferLink) -> Recipient:
    """Whom a link was sent to. Raises NoTokenError when they are held no more."""
    found = await reach_store.load_recipients(conn, keys=[(link.community, link.recipient_id)])
    held = found.get((link.community, link.recipient_id))
    if held is None:
        raise NoTokenError
    return held


async def sign_in(tx: Transaction[Settings], *, token: str) -> SignedIn:
    """Let whoever has the link of a mail in: as a member, who they become by it where they are none yet.

    Raises NoTokenError, ErasedIdentityError and NoSigningKeyError, and MemberElsewhereError for who is a member by
    a platform: what is theirs there is not opened by a mail that may be passed on.
    """
    link = read_offer(tx.settings, token=token, now=tx.now)
    held = await find_held(tx.conn, link)
    address = open_address(tx.settings, held.content, community=held.community, of_id=held.recipient_id)
    if address is None:
        raise NoTokenError
    identity = NamedIdentity(CHANNEL, held.recipient_id)
    member = await declare_identities(
        tx,
        community=link.community,
        identities={identity: _email(tx.settings, address, community=link.community)},
        name=None,
    )
    if not _is_by_mail_alone(member, identity):
        raise MemberElsewhereError
    signed_in = await sign_in_as_member(tx, community=link.community, member_id=member.member_id, way=OFFER)
    # The link shows that they read the mail; whoever they are is known from here on.
    by = Actor(link.community, member.member_id, BY_LINK)
    after = {"expires_at": signed_in.claims.expires_at}
    tx.did(Did("recipient.come_in", "recipient", held.recipient_id, member.member_id, after=after, actor=by))
    return signed_in


async def take_offer(tx: Transaction[Settings], *, token: str, community: str, member_id: str) -> OfferLink:
    """Have a member who is signed in be whom a mail was sent to: what it offers is theirs to claim.

    Raises NoTokenError, and DifferentMembersError where somebody else took it.
    """
    link = read_offer(tx.settings, token=token, now=tx.now)
    if link.community != community:
        raise NoTokenError
    held = await find_held(tx.conn, link)
    await declare_identities(
        tx,
        community=community,
        identities={NamedIdentity(CHANNEL, held.recipient_id): None},
        name=None,
        proven=Proven(ProvenBy.TOKEN, member_id),
    )
    after = {"line_id": link.line_id}
    tx.did(Did("recipient.take_offer", "recipient", held.recipient_id, member_id, after=after))
    return link


def _is_by_mail_alone(member: Member, identity: NamedIdentity) -> bool:
    own = {identity.id, member.member_id}
    return not member.told and not member.merged_ids and all(one.id in own for one in member.identities)
