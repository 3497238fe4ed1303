"""What each database holds of what was done: the rows that the services would have written, table by table."""

import hashlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from bench.fill.world import REJECTED_EACH, Done, Member, World
from services.rewards.ledger.domain.entries import (
    Account,
    MemberKind,
    Owner,
    community_account,
    member_account,
    transfer_id,
)

Row = tuple[Any, ...]
PROGRAMME, VERSION = "filled", 1
#: What points were redeemed for: its id and title.
REWARD = ("sticker", "A sticker")
REASONS = ("Its time is too far in the past", "The actor has no id", "Its type is not known here")
_KINDS: tuple[MemberKind, ...] = ("available", "reserved", "spent")
#: How long after an event what follows from it is recorded.
LATER = timedelta(seconds=1)


class Table(NamedTuple):
    """A table of a service, its columns, and the rows of one event or member."""

    service: str
    name: str
    columns: Sequence[str]
    rows: Callable[[World, Any], Iterator[Row]]


def _ingest_member(world: World, one: Member) -> Iterator[Row]:
    yield world.community, one.member_id, one.name, one.channel, world.until, 1


def _identity(world: World, one: Member) -> Iterator[Row]:
    yield world.community, one.channel, f"m{one.number}", one.member_id


def _followed(world: World, one: Member) -> Iterator[Row]:
    yield world.community, one.member_id, 1, one.name


def _account(world: World, one: Member) -> Iterator[Row]:
    account = member_account(Owner(world.community, str(one.member_id)), "available")
    yield world.community, uuid.UUID(account.account_id), one.member_id, account.kind, account.currency


OF_MEMBERS = (
    Table(
        "ingest",
        "members",
        ("community", "member_id", "name", "channel", "first_seen_at", "revision"),
        _ingest_member,
    ),
    Table("ingest", "identities", ("community", "channel", "identity", "member_id"), _identity),
    *(
        Table(service, "followed_members", ("community", "member_id", "revision", "name"), _followed)
        for service in ("recognition", "rewards", "analytics")
    ),
    Table("rewards", "accounts", ("community", "account_id", "owner", "kind", "currency"), _account),
)


def _known(world: World, one: Done) -> Iterator[Row]:
    yield world.community, one.event_uid, hashlib.sha256(one.event_uid.bytes).digest()


def _receipt(world: World, one: Done) -> Iterator[Row]:
    yield world.community, f"filled-{world.seed}-{one.number // 100}", one.number % 100, one.event_uid, "accepted"


def _activity(world: World, one: Done) -> Iterator[Row]:
    yield world.community, one.event_uid, True, False, one.at


def _award(world: World, one: Done) -> Iterator[Row]:
    kind = one.kind
    made = (world.community, one.event_uid, one.award_id, one.member_id, kind.points, kind.rule_id, "actor")
    yield *made, PROGRAMME, VERSION, kind.type, one.at, one.at, one.at + LATER


def _applied(world: World, one: Done) -> Iterator[Row]:
    yield one.award_id, world.community


def _counted(_: World, one: Done) -> Iterator[Row]:
    yield one.member_id, one.kind.points, one.kind.rule_id, one.at, one.award_id


def _redemption_id(one: Done) -> uuid.UUID:
    return uuid.uuid5(one.award_id, "redemption")


def _booked(world: World, one: Done) -> Iterator[tuple[uuid.UUID, str, uuid.UUID, Account, Account]]:
    """The transfers of an award and its redemption: id, kind and cause, and from which account to which."""
    of_member = {kind: member_account(Owner(world.community, str(one.member_id)), kind) for kind in _KINDS}
    issued = community_account(world.community, "points_issued")
    ways = [(one.award_id, "award", issued, of_member["available"])]
    if one.is_redeemed:
        redemption_id = _redemption_id(one)
        ways += [
            (redemption_id, "redemption_reserved", of_member["available"], of_member["reserved"]),
            (redemption_id, "redemption_confirmed", of_member["reserved"], of_member["spent"]),
        ]
    for cause_id, kind, source, target in ways:
        yield uuid.UUID(transfer_id(str(cause_id), kind)), kind, cause_id, source, target


def _transfers(world: World, one: Done) -> Iterator[Row]:
    for booked, kind, cause_id, _, _ in _booked(world, one):
        yield world.community, booked, kind, cause_id, one.at, one.at + LATER


def _entries(world: World, one: Done) -> Iterator[Row]:
    for booked, _, _, source, target in _booked(world, one):
        for account, amount in ((source, -one.kind.points), (target, one.kind.points)):
            account_id = uuid.UUID(account.account_id)
            yield world.community, account_id, one.at + LATER, booked, amount, account.currency


def _accounts_used(world: World, one: Done) -> Iterator[Row]:
    if one.is_redeemed:
        for kind in ("reserved", "spent"):
            account = member_account(Owner(world.community, str(one.member_id)), kind)
            yield uuid.UUID(account.account_id), one.member_id, kind, account.currency


def _lot(world: World, one: Done) -> Iterator[Row]:
    remaining = 0 if one.is_redeemed else one.kind.points
    yield world.community, one.award_id, one.member_id, one.kind.points, remaining, one.at


def _lot_use(world: World, one: Done) -> Iterator[Row]:
    if one.is_redeemed:
        yield world.community, _redemption_id(one), one.award_id, one.kind.points


def _redemption(world: World, one: Done) -> Iterator[Row]:
    if one.is_redeemed:
        named = (world.community, _redemption_id(one), one.member_id, *REWARD, one.kind.points, "confirmed")
        yield *named, one.at, one.at + LATER, one.at + LATER, "bench.fill", "bench.fill"


def _seen_redemption(world: World, one: Done) -> Iterator[Row]:
    if one.is_redeemed:
        named = (world.community, _redemption_id(one), one.member_id, REWARD[0], one.kind.points)
        yield *named, "confirmed", one.at + LATER


def _seen_states(world: World, one: Done) -> Iterator[Row]:
    if one.is_redeemed:
        for state, at in (("reserved", one.at), ("confirmed", one.at + LATER)):
            yield world.community, _redemption_id(one), f"{_redemption_id(one)}-{state}", state, at


def _rejection(world: World, one: Done) -> Iterator[Row]:
    if one.is_beside_a_rejection:
        reason = REASONS[one.number // REJECTED_EACH % len(REASONS)]
        named = (f"rejected-{one.number}", world.source, f"rejected-{one.number}", "rejected", reason)
        yield world.community, *named, one.at, f"filled-{world.seed}-{one.number // 100}", 100 + one.number % 100


def _event(world: World, one: Done) -> Iterator[Row]:
    kind = one.kind
    named = (kind.channel, kind.type, world.source, f"event-{one.number}")
    yield world.community, one.event_uid, one.at, one.at, one.member_id, *named


def _seen_award(world: World, one: Done) -> Iterator[Row]:
    kind = one.kind
    made = (world.community, one.award_id, one.event_uid, one.member_id, one.at, one.at + LATER, kind.points)
    yield *made, VERSION, kind.rule_id, "actor", PROGRAMME


#: What recognition's totals are made of; it is dropped when they are.
COUNTED = "filled_awards"
#: Accounts of members who redeemed something, as often as they did in a piece; of these each is kept once.
USED = "filled_accounts"
OF_EVENTS = (
    Table("ingest", "events", ("community", "event_uid", "content_hash"), _known),
    Table("ingest", "receipts", ("community", "receipt_id", "receipt_index", "event_uid", "outcome"), _receipt),
    Table("scoring", "activities", ("community", "event_uid", "scored", "retracted", "event_time"), _activity),
    Table(
        "scoring",
        "awards",
        (
            "community",
            "event_uid",
            "award_id",
            "member_id",
            "points",
            "rule_id",
            "slot",
            "programme_id",
            "programme_version",
            "event_type",
            "event_time",
            "received_at",
            "recorded_at",
        ),
        _award,
    ),
    Table("recognition", "applied_awards", ("award_id", "community"), _applied),
    Table("recognition", COUNTED, ("member_id", "points", "rule_id", "event_time", "award_id"), _counted),
    Table(
        "rewards",
        "transfers",
        ("community", "transfer_id", "kind", "cause_id", "event_time", "recorded_at"),
        _transfers,
    ),
    Table(
        "rewards",
        "entries",
        ("community", "account_id", "recorded_at", "transfer_id", "amount", "currency"),
        _entries,
    ),
    Table("rewards", "lots", ("community", "award_id", "member_id", "points", "remaining", "earned_at"), _lot),
    Table("rewards", USED, ("account_id", "owner", "kind", "currency"), _accounts_used),
    Table("rewards", "lot_uses", ("community", "used_by", "award_id", "points"), _lot_use),
    Table(
        "rewards",
        "redemptions",
        (
            "community",
            "redemption_id",
            "member_id",
            "reward_id",
            "title",
            "points",
            "state",
            "created_at",
            "expires_at",
            "changed_at",
            "changed_by",
            "made_by",
        ),
        _redemption,
    ),
    Table(
        "analytics",
        "redemptions",
        ("community", "redemption_id", "member_id", "reward_id", "points", "state", "changed_at"),
        _seen_redemption,
    ),
    Table(
        "analytics",
        "redemption_states",
        ("community", "redemption_id", "fact_id", "state", "changed_at"),
        _seen_states,
    ),
    Table(
        "analytics",
        "rejections",
        (
            "community",
            "fact_id",
            "source",
            "event_id",
            "outcome",
            "reason",
            "rejected_at",
            "receipt_id",
            "receipt_index",
        ),
        _rejection,
    ),
    Table(
        "analytics",
        "events",
        (
            "community",
            "event_uid",
            "received_at",
            "event_time",
            "member_id",
            "channel",
            "type",
            "source",
            "event_id",
        ),
        _event,
    ),
    Table(
        "analytics",
        "awards",
        (
            "community",
            "award_id",
            "event_uid",
            "member_id",
            "event_time",
            "awarded_at",
            "points",
            "programme_version",
            "rule_id",
            "slot",
            "programme_id",
        ),
        _seen_award,
    ),
)
