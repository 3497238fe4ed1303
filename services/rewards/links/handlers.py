"""Links that give rewards: made, shown, revoked by people, and claimed by members.

Locks are taken in this order: a person, a link, the reward or code that it gives (`redemptions`).
"""

import hmac
from datetime import datetime, timedelta
from uuid import UUID

from services.rewards.catalogue.handlers import find_offer
from services.rewards.ledger.domain.entries import UnknownMemberError
from services.rewards.links import store
from services.rewards.links.domain import (
    LinkEndsError,
    LinkOverError,
    LinkState,
    OtherLinkError,
    RewardLink,
    TooManyLinksError,
    UnknownLinkError,
    link_id,
)
from services.rewards.redemptions.domain import Redemption, UnknownRewardError
from services.rewards.redemptions.handlers.reserving import give
from services.rewards.redemptions.store import find_redemption
from services.rewards.settings import Settings, voucher_keys
from services.rewards.vouchers.domain import NoVoucherKeysError
from shared import base64url
from shared.audit import Did
from shared.followed_members import find_name
from shared.merges import find_head, load_group, lock_heads
from shared.postgres import Connection
from shared.transaction import Transaction

_SIGNATURE_BYTES = 16
_ID_BYTES = 16


def token_of(link: RewardLink, settings: Settings) -> str:
    """What whoever has the link shows: its id, signed by the first key. Raises NoVoucherKeysError without one."""
    keys = voucher_keys(settings.voucher_keys)
    if not keys:
        raise NoVoucherKeysError("PLAUDIT_VOUCHER_KEYS is empty; `plaudit secrets` makes one")
    return base64url.encode(UUID(link.link_id).bytes + _signature(keys[0], link.community, link.link_id))


def read_token(token: str, *, community: str, settings: Settings) -> str:
    """The id of the link that a token is for. Raises UnknownLinkError for what no key of here signed for here."""
    try:
        content = base64url.decode(token)
    except ValueError:
        raise UnknownLinkError from None
    if len(content) != _ID_BYTES + _SIGNATURE_BYTES:
        raise UnknownLinkError
    found, signature = str(UUID(bytes=content[:_ID_BYTES])), content[_ID_BYTES:]
    signed = [_signature(key, community, found) for key in voucher_keys(settings.voucher_keys)]
    if not any(hmac.compare_digest(one, signature) for one in signed):
        raise UnknownLinkError
    return found


def _signature(key: bytes, community: str, found: str) -> bytes:
    own = hmac.digest(key, b"reward link", "sha256")
    return hmac.digest(own, f"{community}|{found}".encode(), "sha256")[:_SIGNATURE_BYTES]


async def make_link(
    tx: Transaction[Settings],
    *,
    community: str,
    reward_id: str,
    note: str,
    uses_max_count: int,
    expires_at: datetime,
    idempotency_key: str,
    by: str,
) -> RewardLink:
    """Make a link; the one that was made with this key is the answer again.

    Raises OtherLinkError when that was another, UnknownRewardError, LinkEndsError, TooManyLinksError, and
    NoVoucherKeysError where nothing signs.
    """
    made = RewardLink(
        community,
        link_id(community, idempotency_key),
        reward_id,
        note,
        uses_max_count,
        expires_at,
        tx.now,
        by,
    )
    token_of(made, tx.settings)
    known = await store.find_link(tx.conn, community=community, link_id=made.link_id)
    if known is not None:
        if not known.is_same(made):
            raise OtherLinkError
        tx.did_nothing()
        return known
    max_days = tx.settings.reward_link_max_days
    if not tx.now < expires_at <= tx.now + timedelta(days=max_days):
        raise LinkEndsError(max_days)
    offer, _ = await find_offer(tx.conn, community=community, reward_id=reward_id, now=tx.now)
    if offer is None:
        raise UnknownRewardError(reward_id)
    if await store.count_open(tx.conn, community=community, now=tx.now) >= tx.settings.reward_links_max_count:
        raise TooManyLinksError(tx.settings.reward_links_max_count)
    if not await store.add_link(tx.conn, made):
        # Whoever sent the same at once was first; it is there now.
        return await make_link(
            tx,
            community=community,
            reward_id=reward_id,
            note=note,
            uses_max_count=uses_max_count,
            expires_at=expires_at,
            idempotency_key=idempotency_key,
            by=by,
        )
    said = {"reward_id": reward_id, "uses_max_count": uses_max_count, "expires_at": expires_at}
    tx.did(Did("reward_link.make", "reward_link", made.link_id, after=said))
    return made


async def revoke_link(tx: Transaction, *, community: str, link_id: str) -> RewardLink:
    """Have a link give nothing any more; what it gave stays. Again changes nothing. Raises UnknownLinkError."""
    link = await store.lock_link(tx.conn, community=community, link_id=link_id)
    if link is None:
        raise UnknownLinkError
    revoked = link.revoked(now=tx.now)
    await store.set_revoked(tx.conn, revoked)
    before = {"state": link.state_at(tx.now)}
    after = {"state": LinkState.REVOKED, "claims": link.claims_count}
    tx.did(Did("reward_link.revoke", "reward_link", link_id, before=before, after=after))
    return revoked


async def open_link(conn: Connection, *, community: str, token: str, settings: Settings) -> RewardLink:
    """The link that a token is for. Raises UnknownLinkError."""
    found = read_token(token, community=community, settings=settings)
    link = await store.find_link(conn, community=community, link_id=found)
    if link is None:
        raise UnknownLinkError
    return link


async def claim(tx: Transaction[Settings], *, community: str, member_id: str, token: str) -> Redemption:
    """Give a member what a link gives, for no points; a person who has it gets the same answer again.

    Raises UnknownLinkError, UnknownMemberError, LinkOverError, UnknownRewardError and OutOfStockError.
    """
    found = read_token(token, community=community, settings=tx.settings)
    await lock_heads(tx.conn, keys=[(community, member_id)])
    head_id = await find_head(tx.conn, community=community, member_id=member_id)
    named = await find_name(tx.conn, community=community, member_id=head_id)
    if named is None or named.is_erased:
        raise UnknownMemberError(member_id)
    link = await store.lock_link(tx.conn, community=community, link_id=found)
    if link is None:
        raise UnknownLinkError
    group = await load_group(tx.conn, community=community, head_id=head_id)
    claimed = await store.find_claim(tx.conn, link, member_ids=group)
    if claimed is not None:
        known = await find_redemption(tx.conn, community=community, redemption_id=claimed)
        if known is not None:
            tx.did_nothing()
            return known
    state = link.state_at(tx.now)
    if state is not LinkState.OPEN:
        raise LinkOverError(state)
    given = await give(
        tx,
        community=community,
        member_id=head_id,
        reward_id=link.reward_id,
        cause=f"{link.giver} {head_id}",
        by=link.giver,
    )
    said = {"state": given.state, "reward_id": given.reward_id, "link_id": link.link_id}
    tx.did(Did("redemption.claim", "redemption", given.redemption_id, given.member_id, after=said))
    return given
