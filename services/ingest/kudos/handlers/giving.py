"""Somebody thanks somebody: within the month's allowance, as an event like any other."""

from dataclasses import replace
from datetime import date, datetime

from services.ingest.communities import store as communities_store
from services.ingest.communities.handlers import calendars_of
from services.ingest.events.domain.judgement import event_uid
from services.ingest.events.handlers import send_own
from services.ingest.kudos import store
from services.ingest.kudos.domain import giving
from services.ingest.kudos.domain.giving import Allowance, Counts, GiveKudos, Given
from services.ingest.members.domain import Member, MemberKey
from services.ingest.members.handlers.own import own_identities
from services.ingest.members.store import members as members_store
from services.ingest.metrics import KUDOS
from services.ingest.settings import Settings
from services.ingest.walls import store as walls_store
from services.ingest.walls.domain import CHANNEL, HOST, SOURCE, Declared, Kudos
from services.ingest.walls.handlers import find_declared
from shared.audit import Actor, Did
from shared.calendars import Calendar, Span, month_of
from shared.contracts.programme import KudosTerms
from shared.contracts.programme.listed import find_listed
from shared.followed_levels import has_level
from shared.merges import find_head, load_group, lock_heads
from shared.postgres import Connection
from shared.transaction import Transaction


async def give(tx: Transaction[Settings], *, community: str, wanted: GiveKudos) -> Given:
    """Give kudos: the event goes out with this transaction, and the wall has it. Given again it is the same.

    Raises NoKudosError, UnknownValueError, NoGiverError, NoReceiverError, OwnKudosError, KudosClosedError and
    AllowanceSpentError.
    """
    declared = await find_declared(tx.conn, community=community, now=tx.now)
    terms = _terms(declared)
    giving.check_value(terms, wanted.value)
    # 1. Nobody becomes one with another meanwhile, and what one gives at the same time waits.
    keys = [(community, wanted.giver_id), (community, wanted.receiver_id)]
    heads = await lock_heads(tx.conn, keys=keys)
    giver_id, receiver_id = (heads.get(key, key[1]) for key in keys)
    wanted = replace(wanted, giver_id=giver_id, receiver_id=receiver_id)
    if giver_id == receiver_id:
        raise giving.OwnKudosError
    await store.lock_giver(tx.conn, community=community, giver_id=giver_id)
    month = await _month(tx, community=community)
    # 2. What was given before under the same name is that.
    uid = event_uid(community, SOURCE, wanted.kudos_id)
    known = await walls_store.find_kudos(tx.conn, community=community, event_uid=uid)
    if known is not None:
        tx.did_nothing()
        return Given(
            known, await _allowance(tx.conn, terms, community=community, giver_id=giver_id, month=month), False
        )
    # 3. Both are there, whoever gives may, and there is room.
    if await _person(tx.conn, community=community, member_id=giver_id) is None:
        raise giving.NoGiverError
    if await _person(tx.conn, community=community, member_id=receiver_id) is None:
        raise giving.NoReceiverError
    if declared.giving and not await has_level(
        tx.conn, community=community, member_id=giver_id, level_ids=declared.giving
    ):
        raise giving.KudosClosedError(tuple(declared.giving.values()))
    counts = await _counts(tx.conn, community=community, giver_id=giver_id, receiver_id=receiver_id, month=month)
    giving.check_room(terms, counts, ends_on=month.ends_on)
    # 4. It stands, and is told.
    kudos = _kudos(community, uid, wanted, at=tx.now, month=month.starts_on)
    # The worker finds the same; until then nobody sees what somebody is to decide.
    kudos = replace(kudos, is_listed=find_listed(wanted.message, declared.words) is not None)
    await walls_store.put_kudos(tx.conn, kudos=[kudos])
    await own_identities(tx, community=community, member_ids={giver_id, receiver_id}, channel=CHANNEL, host=HOST)
    send_own(tx, community=community, event=giving.event_of(wanted, at=tx.now))
    after = {"receiver_id": receiver_id, "value": wanted.value, "way": wanted.way.value}
    actor = None if wanted.credential is None else Actor(community, giver_id, wanted.credential)
    tx.did(Did("kudos.give", "kudos", uid, giver_id, after=after, community=community, actor=actor))
    KUDOS.labels(wanted.way, "given").inc()
    return Given(replace(kudos, is_shown=not kudos.is_listed), Allowance(terms, counts.given + 1, month.ends_on))


async def take_back(tx: Transaction[Settings], *, community: str, event_uid: str, by_member: str | None) -> Kudos:
    """Take kudos back; `by_member` is who asks, None for whoever acts for the community. Twice is once.

    Raises UnknownKudosError where it was not given here, or another gave it.
    """
    kudos = await walls_store.find_kudos(tx.conn, community=community, event_uid=event_uid, lock=True)
    if kudos is None or not kudos.is_given_here:
        raise giving.UnknownKudosError
    head_id = await find_head(tx.conn, community=community, member_id=kudos.giver_id)
    if by_member is not None and await find_head(tx.conn, community=community, member_id=by_member) != head_id:
        raise giving.UnknownKudosError
    if not kudos.is_taken_back:
        await walls_store.set_taken_back(tx.conn, community=community, said={event_uid: (tx.now, True)})
        send_own(tx, community=community, event=giving.retraction_of(kudos, giver_id=kudos.giver_id, at=tx.now))
        KUDOS.labels("api", "taken_back").inc()
    before, after = {"taken_back": kudos.is_taken_back}, {"taken_back": True}
    tx.did(Did("kudos.take_back", "kudos", event_uid, head_id, before=before, after=after))
    return replace(kudos, is_taken_back=True, is_shown=False)


async def find_allowance(conn: Connection, *, community: str, member_id: str, now: datetime) -> Allowance:
    """What a member may give in this month, and has given. Raises NoKudosError."""
    terms = _terms(await find_declared(conn, community=community, now=now))
    month = await month_now(conn, community=community, now=now)
    head_id = await find_head(conn, community=community, member_id=member_id)
    return await _allowance(conn, terms, community=community, giver_id=head_id, month=month)


async def month_now(conn: Connection, *, community: str, now: datetime) -> Span:
    """The month that it is in a community."""
    calendars = await communities_store.load_calendars(conn, communities=[community])
    return month_of(calendars.get(community, Calendar()).day_of(now))


def _terms(declared: Declared) -> KudosTerms:
    if declared.terms is None:
        raise giving.NoKudosError
    return declared.terms


async def _month(tx: Transaction[Settings], *, community: str) -> Span:
    calendar = (await calendars_of(tx, communities={community}))[community]
    return month_of(calendar.day_of(tx.now))


async def _person(conn: Connection, *, community: str, member_id: str) -> Member | None:
    """A member who is there and is a person."""
    found = await members_store.find_member(conn, key=MemberKey(community, member_id))
    return None if found is None or found.bot_by is not None else found


async def _counts(
    conn: Connection, *, community: str, giver_id: str, receiver_id: str | None, month: Span
) -> Counts:
    receivers = [] if receiver_id is None else await load_group(conn, community=community, head_id=receiver_id)
    return await store.count_given(
        conn,
        community=community,
        giver_ids=await load_group(conn, community=community, head_id=giver_id),
        receiver_ids=receivers,
        month=month.starts_on,
    )


async def _allowance(
    conn: Connection, terms: KudosTerms, *, community: str, giver_id: str, month: Span
) -> Allowance:
    counts = await _counts(conn, community=community, giver_id=giver_id, receiver_id=None, month=month)
    return Allowance(terms, counts.given, month.ends_on)


def _kudos(community: str, uid: str, wanted: GiveKudos, *, at: datetime, month: date) -> Kudos:
    return Kudos(
        community,
        uid,
        wanted.giver_id,
        wanted.receiver_id,
        wanted.value,
        at,
        month,
        is_given_here=True,
        channel=CHANNEL,
        host=HOST,
        object_id=wanted.kudos_id,
    )
