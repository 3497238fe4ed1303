"""Links are made and used once; who signed in gets a token."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import uuid4

from services.ingest.access.people import handlers as people
from services.ingest.access.people.domain import Appointment, UnknownPersonError
from services.ingest.access.people.store import lock_person
from services.ingest.access.providers.domain import InvalidIdTokenError, Subject
from services.ingest.access.sign_ins import store
from services.ingest.access.sign_ins.domain import (
    DisabledPersonError,
    Link,
    LinkLimits,
    Renewal,
    UnknownSubjectError,
    WithdrawnLinkError,
    check_renewable,
    check_usable,
)
from services.ingest.access.ties.handlers import tie_by_subject
from services.ingest.access.token_keys.handlers import sign
from services.ingest.metrics import SIGN_INS
from services.ingest.settings import Settings
from shared.access_keys import FollowedPerson, Principal, find_person, load_clock, load_standings
from shared.access_keys.tokens import Claims
from shared.audit import Actor, Did
from shared.transaction import Transaction

SWEEP_EVERY_SECONDS = 600.0
#: So long a link that ended is kept, to say what is wrong with it, and an id token, which ends in ten minutes.
KEPT_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class SignedIn:
    """Somebody who signed in, and their token."""

    token: str
    claims: Claims


async def make_link(tx: Transaction[Settings], *, link: Link) -> Link:
    """Store a link, as long-lived as it says, from now on by the database's clock; return it.

    Raises UnknownPersonError, and TooManyLinksError.
    """
    if link.person_id is not None:
        person = await find_person(tx.conn, community=link.community, person_id=link.person_id)
        if person is None:
            raise UnknownPersonError(link.community, link.person_id)
    settings, now = tx.settings, await load_clock(tx.conn)
    link = replace(link, created_at=now, expires_at=now + (link.expires_at - link.created_at))
    await store.lock_links(tx.conn, community=link.community)
    lately, still_open = await store.count_links(tx.conn, link=link, since=now - timedelta(minutes=1))
    LinkLimits(settings.links_max_per_minute, settings.open_links_max_count).check(
        lately=lately, still_open=still_open
    )
    await store.add_link(tx.conn, link=link)
    # The link's own id is its secret's hash, of which nobody needs to know.
    whose = link.person_id or link.member_id or ""
    after = {"person_id": link.person_id, "expires_at": link.expires_at}
    tx.did(Did("sign_in_link.make", "sign_in_link", whose, link.member_id, after=after))
    return link


async def sign_in_by_link(tx: Transaction[Settings], *, secret_sha256: str) -> SignedIn:
    """A token for a link, which is used by it.

    Raises UnknownLinkError, UsedLinkError, ExpiredLinkError, DisabledPersonError and NoSigningKeyError, and
    WithdrawnLinkError where whoever made the link may not do so any more; it is then as it was.
    """
    # Whoever comes with the same link meanwhile waits, and finds it used.
    now = await load_clock(tx.conn)
    link = check_usable(await store.lock_link(tx.conn, secret_sha256=secret_sha256), now)
    await _check_maker(tx, link)
    person = None
    if link.person_id is not None:
        person = await _check_person(tx, community=link.community, person_id=link.person_id)
    await store.set_used(tx.conn, secret_sha256=secret_sha256, at=now)
    signed_in = await _signed_in(tx, link.community, person=person, member_id=link.member_id)
    SIGN_INS.labels("link").inc()
    return signed_in


async def sign_in_by_subject(tx: Transaction[Settings], *, community: str, subject: Subject) -> SignedIn:
    """A token for whom the provider says it is: a person of the community of that subject, or verified email.

    Raises UnknownSubjectError for nobody and for several, InvalidIdTokenError for an id token that has signed
    somebody in there before, DisabledPersonError and NoSigningKeyError; the id token is then as it was.
    """
    person_id, _ = await _find_subject(tx, community=community, subject=subject)
    # From here on nobody binds or unbinds them: who has meanwhile is seen by looking again.
    await lock_person(tx.conn, person_id=person_id)
    locked_id, is_subject = await _find_subject(tx, community=community, subject=subject)
    if locked_id != person_id:
        raise UnknownSubjectError
    person = await _check_person(tx, community=community, person_id=person_id)
    # Whoever comes with the same one meanwhile waits, and finds it used.
    now = await load_clock(tx.conn)
    if not await store.add_used(tx.conn, community=community, signed_sha256=subject.signed_sha256, at=now):
        raise InvalidIdTokenError("It has signed in already, and does so once: sign in at the provider again")
    if not is_subject:
        await store.set_subject(tx.conn, person_id=person_id, issuer=subject.issuer, subject=subject.subject)
    tied_to = await tie_by_subject(
        tx, community=community, issuer=subject.issuer, subject=subject.subject, person_id=person_id
    )
    signed_in = await _signed_in(tx, community, person=person, member_id=None, tied_to=tied_to)
    SIGN_INS.labels("id_token").inc()
    return signed_in


async def sign_in_as_member(tx: Transaction[Settings], *, community: str, member_id: str, way: str) -> SignedIn:
    """A token for a member who has shown who they are by a `way` of their own. Raises NoSigningKeyError."""
    signed_in = await _signed_in(tx, community, person=None, member_id=member_id)
    SIGN_INS.labels(way).inc()
    return signed_in


async def unbind(
    tx: Transaction[Settings], *, caller: Principal, community: str, person_id: str, may_return: bool
) -> Appointment:
    """Have a person be nobody at a provider any more; their tokens end, and the links for them and by them.

    Raises what the change of a person does: UnknownPersonError and OtherCommunityError.
    """
    appointment = await people.unbind(
        tx, caller=caller, community=community, person_id=person_id, may_return=may_return
    )
    await store.end_links(tx.conn, person_id=person_id, at=await load_clock(tx.conn))
    await store.delete_renewals_of(tx.conn, person_id=person_id)
    return appointment


async def make_renewal(tx: Transaction[Settings], *, signed_in: SignedIn, secret_sha256: str) -> Renewal:
    """What gives further tokens to whoever just signed in; of too many of theirs, the oldest end."""
    claims, now = signed_in.claims, await load_clock(tx.conn)
    settings = tx.settings
    is_member = claims.member_id is not None
    seconds = settings.member_renewal_seconds if is_member else settings.renewal_seconds
    renewal = Renewal(
        secret_sha256=secret_sha256,
        community=claims.community,
        person_id=None if is_member else claims.person_id,
        member_id=claims.member_id,
        created_at=now,
        expires_at=now + timedelta(seconds=seconds),
    )
    await store.add_renewal(tx.conn, renewal=renewal)
    await store.delete_oldest_renewals(tx.conn, beside=renewal, max_count=settings.renewals_max_count)
    return renewal


async def renew(tx: Transaction[Settings], *, secret_sha256: str) -> SignedIn:
    """A further token for whoever signed in before.

    Raises UnknownRenewalError when that is too long ago or never was, DisabledPersonError and NoSigningKeyError.
    """
    # What has ended by either clock has ended.
    now = max(tx.now, await load_clock(tx.conn))
    renewal = check_renewable(await store.find_renewal(tx.conn, secret_sha256=secret_sha256), now)
    person = None
    if renewal.person_id is not None:
        # Whoever unbinds or disables them meanwhile is waited for: this renewal may have ended with it.
        await lock_person(tx.conn, person_id=renewal.person_id)
        renewal = check_renewable(await store.find_renewal(tx.conn, secret_sha256=secret_sha256), now)
        person = await _check_person(tx, community=renewal.community, person_id=renewal.person_id or "")
    return await _signed_in(tx, renewal.community, person=person, member_id=renewal.member_id)


async def sweep(tx: Transaction[Settings]) -> None:
    """Delete the links and renewals that ended, and forget the id tokens that were used, a while ago."""
    before = await load_clock(tx.conn) - KEPT_AFTER
    await store.delete_links(tx.conn, ended_before=before)
    await store.delete_renewals(tx.conn, ended_before=before)
    await store.delete_used(tx.conn, used_before=before)


async def _check_maker(tx: Transaction[Settings], link: Link) -> None:
    # In person: the key of a command is revoked as soon as that has made a link.
    (standing,) = await load_standings(tx.conn, [(link.issued_by, "")], community=link.community)
    for scope in link.scopes_to_make:
        if standing.why_not_in_person(scope) is not None:
            raise WithdrawnLinkError


async def _find_subject(tx: Transaction[Settings], *, community: str, subject: Subject) -> tuple[str, bool]:
    """Who of a community that is, and whether they were before. Raises UnknownSubjectError but for one."""
    found = await store.find_subjects(
        tx.conn, community=community, issuer=subject.issuer, subject=subject.subject, email=subject.email
    )
    known = [one for one in found if one[1]] or found
    if len(known) != 1:
        raise UnknownSubjectError
    return known[0]


async def _check_person(tx: Transaction[Settings], *, community: str, person_id: str) -> FollowedPerson:
    person = await find_person(tx.conn, community=community, person_id=person_id)
    if person is None:
        raise UnknownPersonError(community, person_id)
    if person.disabled:
        raise DisabledPersonError
    return person


async def _signed_in(
    tx: Transaction[Settings],
    community: str,
    *,
    person: FollowedPerson | None,
    member_id: str | None,
    tied_to: str | None = None,
) -> SignedIn:
    # Of a member who is merged it is the member's own: every service asks each time whom that belongs to.
    person_id = person.person_id if person else member_id or ""
    # By the database's clock: a process whose own is wrong gives tokens that work all the same.
    issued_at = (await load_clock(tx.conn)).replace(microsecond=0)
    claims = Claims(
        token_id=uuid4().hex,
        community=community,
        person_id=person_id,
        member_id=member_id,
        issued_at=issued_at,
        expires_at=issued_at + timedelta(seconds=tx.settings.token_seconds),
        unbound_count=person.unbound_count if person else 0,
    )
    # Nobody had shown a credential before: who came is known from here on.
    actor = Actor(community, person_id, f"token:{claims.token_id}")
    after = {"expires_at": claims.expires_at} | ({"tied_to": tied_to} if tied_to else {})
    tx.did(Did("token.issue", "token", claims.token_id, member_id, after=after, actor=actor))
    return SignedIn(await sign(tx, claims=claims), claims)
