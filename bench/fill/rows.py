"""What each database holds of what was done: the rows that the services would have written, table by table."""

import hashlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from bench.fill.world import Done, Member, World
from services.rewards.ledger.domain.entries import Owner, community_account, member_account, transfer_id

Row = tuple[Any, ...]
PROGRAMME, VERSION = "filled", 1
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


def _transfer(world: World, one: Done) -> Iterator[Row]:
    booked = uuid.UUID(transfer_id(str(one.award_id), "award"))
    yield world.community, booked, "award", one.award_id, one.at, one.at + LATER


def _entries(world: World, one: Done) -> Iterator[Row]:
    booked = uuid.UUID(transfer_id(str(one.award_id), "award"))
    issued = community_account(world.community, "points_issued")
    owned = member_account(Owner(world.community, str(one.member_id)), "available")
    for account, amount in ((issued, -one.kind.points), (owned, one.kind.points)):
        account_id = uuid.UUID(account.account_id)
        yield world.community, account_id, one.at + LATER, booked, amount, account.currency


def _lot(world: World, one: Done) -> Iterator[Row]:
    yield world.community, one.award_id, one.member_id, one.kind.points, one.kind.points, one.at


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
        _transfer,
    ),
    Table(
        "rewards",
        "entries",
        ("community", "account_id", "recorded_at", "transfer_id", "amount", "currency"),
        _entries,
    ),
    Table("rewards", "lots", ("community", "award_id", "member_id", "points", "remaining", "earned_at"), _lot),
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
