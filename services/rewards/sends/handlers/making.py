"""Sends are made as drafts, handed in, approved by another person, called off, and tried again by people."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from services.rewards.catalogue.domain import Offer
from services.rewards.catalogue.handlers import load_offers
from services.rewards.catalogue.store import load_left
from services.rewards.payouts.domain import Actor
from services.rewards.sends import store
from services.rewards.sends.domain import (
    OtherSendError,
    RewardNeed,
    Send,
    SendEndsError,
    SendLine,
    SendLineState,
    SendRefusedError,
    SendState,
    SendStateError,
    TooManySendsError,
    UnknownSendError,
    WantedLine,
    repeated,
    send_id,
    table_sha256,
)
from services.rewards.settings import Settings
from shared.access_keys import check_not_about_oneself
from shared.audit import Did
from shared.merges import load_heads
from shared.postgres import Connection
from shared.transaction import Transaction


async def make_send(
    tx: Transaction[Settings],
    wanted: Sequence[WantedLine],
    *,
    community: str,
    title: str,
    reward_id: str,
    starts_at: datetime | None,
    claims_end_at: datetime,
    idempotency_key: str,
    by: Actor,
) -> Send:
    """Make a draft of a list; what was made with this key is the answer again. Nothing is given by it.

    Raises OtherSendError when that was another list, SendRefusedError with what is wrong line by line,
    SendEndsError and TooManySendsError.
    """
    made_id, said = send_id(community, idempotency_key), table_sha256(title, reward_id, wanted)
    await store.lock_sends(tx.conn, community=community)
    known = await store.find_send(tx.conn, community=community, send_id=made_id)
    if known is not None:
        if known.table_sha256 != said:
            raise OtherSendError
        tx.did_nothing()
        return known
    max_days = tx.settings.send_max_days
    if not max(tx.now, starts_at or tx.now) < claims_end_at <= tx.now + timedelta(days=max_days):
        raise SendEndsError(max_days)
    offered, _ = await load_offers(tx.conn, community=community, now=tx.now)
    lines = await _checked(
        tx, wanted, community=community, reward_id=reward_id, offers={one.reward_id: one for one in offered}
    )
    if await store.count_open(tx.conn, community=community) >= tx.settings.sends_max_count:
        raise TooManySendsError(tx.settings.sends_max_count)
    prices = {one.reward_id: one.points for one in offered}
    send = Send(
        community=community,
        send_id=made_id,
        title=title,
        reward_id=reward_id,
        state=SendState.DRAFT,
        lines_count=len(lines),
        points=sum(prices[one.reward_id or reward_id] for one in lines),
        starts_at=starts_at,
        claims_end_at=claims_end_at,
        table_sha256=said,
        made_at=tx.now,
        made_by=by,
    )
    await store.add_send(
        tx.conn,
        send,
        lines=[
            SendLine(
                community,
                made_id,
                number,
                one.reward_id or reward_id,
                one.member_id,
                one.recipient_id,
                SendLineState.WAITING,
                tx.now,
            )
            for number, one in enumerate(lines, start=1)
        ],
    )
    after = {
        "state": send.state,
        "title": title,
        "reward_id": reward_id,
        "lines": len(lines),
        "points": send.points,
    }
    tx.did(Did("send.make", "send", made_id, after=after))
    return send


async def _checked(
    tx: Transaction,
    wanted: Sequence[WantedLine],
    *,
    community: str,
    reward_id: str,
    offers: Mapping[str, Offer],
) -> list[WantedLine]:
    """The lines, each member by whom they are merged into. Raises SendRefusedError."""
    heads = await load_heads(tx.conn, keys={(community, one.member_id) for one in wanted if one.member_id})
    lines = [
        one._replace(member_id=heads.get((community, one.member_id), one.member_id)) if one.member_id else one
        for one in wanted
    ]
    known = await store.load_known(
        tx.conn, community=community, member_ids=[one.member_id for one in lines if one.member_id]
    )
    faults = []
    for number, one in enumerate(lines, start=1):
        if (gives := one.reward_id or reward_id) not in offers:
            faults.append(one.fault(number, f"No reward {gives} is on offer"))
        if one.member_id is not None and one.member_id not in known:
            faults.append(one.fault(number, f"There is no member {one.member_id}"))
    if faults or (faults := repeated(lines)):
        raise SendRefusedError(sorted(faults))
    return lines


async def load_needs(conn: Connection, send: Send, *, now: datetime) -> list[RewardNeed]:
    """What a send gives yet, and how many there are of it."""
    needed = await store.count_rewards(conn, send)
    offered, _ = await load_offers(conn, community=send.community, now=now)
    offers = {one.reward_id: one for one in offered if one.reward_id in needed}
    left = await load_left(conn, list(offers.values()), community=send.community, now=now)
    return [
        RewardNeed(reward_id, count, left.of(offers[reward_id]) if reward_id in offers else 0)
        for reward_id, count in needed.items()
    ]


async def submit(tx: Transaction[Settings], *, community: str, send_id: str, by: Actor) -> Send:
    """Hand a draft in: it goes, or waits for another person where it gives more than one may alone.

    Again it is the same. Raises UnknownSendError, SendStateError, and AboutYourselfError when `by` is on the list.
    """
    send = await _lock(tx, community=community, send_id=send_id)
    if send.state in (SendState.WAITING, SendState.APPROVED):
        tx.did_nothing()
        return send
    await _check_not_oneself(tx, send, by=by)
    submitted = send.submitted(alone_max_points=tx.settings.sends_alone_max_points, by=by, now=tx.now)
    return await _decided(tx, submitted, was=send.state, verb="submit")


async def approve(tx: Transaction, *, community: str, send_id: str, by: Actor) -> Send:
    """Approve what somebody else made; again it is the same.

    Raises UnknownSendError, SendStateError, SendFourEyesError, and AboutYourselfError when `by` is on the list.
    """
    send = await _lock(tx, community=community, send_id=send_id)
    if send.state is SendState.APPROVED:
        tx.did_nothing()
        return send
    approved = send.approved(by=by, now=tx.now)
    await _check_not_oneself(tx, send, by=by)
    return await _decided(tx, approved, was=send.state, verb="approve")


async def cancel(tx: Transaction, *, community: str, send_id: str, by: Actor) -> Send:
    """Call a send off: what it gave stays, what nobody claimed cannot be claimed. Again it is the same.

    Raises UnknownSendError and SendStateError.
    """
    send = await _lock(tx, community=community, send_id=send_id)
    if send.state is SendState.CANCELLED:
        tx.did_nothing()
        return send
    cancelled = send.becoming(SendState.CANCELLED, by=by, now=tx.now)
    await store.end_lines(tx.conn, send, state=SendLineState.CANCELLED, now=tx.now)
    return await _decided(tx, cancelled, was=send.state, verb="cancel")


async def retry(tx: Transaction, *, community: str, send_id: str, by: Actor) -> Send:
    """Try the lines that failed once more; what was given is not given again.

    Raises UnknownSendError, and SendStateError before it was approved and once it was called off.
    """
    send = await _lock(tx, community=community, send_id=send_id)
    if send.state not in (SendState.APPROVED, SendState.DONE):
        raise SendStateError(send.state, SendState.APPROVED)
    # Whoever approved it approved all of it: the rest needs nobody else.
    again = send if send.state is SendState.APPROVED else send.becoming(SendState.APPROVED, now=tx.now)
    lines = await store.wait_again(tx.conn, send, now=tx.now)
    await store.set_state(tx.conn, again, now=tx.now)
    tx.did(Did("send.retry", "send", send.send_id, before={"state": send.state}, after={"lines": lines}))
    return again


async def _check_not_oneself(tx: Transaction, send: Send, *, by: Actor) -> None:
    members = await store.load_members(tx.conn, send)
    await check_not_about_oneself(tx.conn, community=send.community, person_id=by.person_id, members=members)


async def _lock(tx: Transaction, *, community: str, send_id: str) -> Send:
    send = await store.lock_send(tx.conn, community=community, send_id=send_id)
    if send is None:
        raise UnknownSendError
    return send


async def _decided(tx: Transaction, send: Send, *, was: SendState, verb: str) -> Send:
    await store.set_state(tx.conn, send, now=tx.now)
    tx.did(
        Did(
            f"send.{verb}",
            "send",
            send.send_id,
            before={"state": was},
            after={"state": send.state, "lines": send.lines_count, "points": send.points},
        )
    )
    return send
