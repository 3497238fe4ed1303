"""A seeded community at work, and what must come of it, worked out by hand.

The rules are programmes/messages.yaml's: 1 point for a message; 2 for being written to, 10 a day at most.
Nothing here imports a service: identifiers are derived again, from what the documentation says of them.
"""

import base64
import hashlib
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import orjson

EVENT_NAMESPACE = uuid.UUID("0b5d7a0e-51f5-5b3a-8d0c-3f6c2f8f1a01")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AWARD_NAMESPACE = uuid.UUID("6f6c1f0e-6b0d-5d0a-9a53-2f8f5a7f0b11")

SOURCE = "/faults/chat"
PEOPLE_COUNT = 250
DAYS_COUNT = 3
MESSAGE_POINTS = 1
WRITTEN_TO_POINTS = 2
WRITTEN_TO_CAP = 10
RETRACTED_SHARE = 0.08
RESTORED_SHARE = 0.5
REPEATED_SHARE = 0.03
BADGES = {"writer-10": 10, "writer-100": 100, "writer-500": 500}
LEVELS = {"newcomer": 0, "regular": 50, "pillar": 500}

Event = dict[str, Any]


def event_uid(community: str, event_id: str) -> str:
    """The identity of an event of this load."""
    return str(uuid.uuid5(EVENT_NAMESPACE, f"{community}\x1f{SOURCE}\x1f{event_id}"))


def identity_hash(key: str, community: str, person: str) -> str:
    """What stands for somebody of the chat where handles do not go; the key is base64url of 32 bytes."""
    said = "\x1f".join((community, "chat", "", person))
    secret = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
    return hashlib.blake2b(said.encode(), key=secret, digest_size=16).hexdigest()


def award_id(community: str, rule: str, slot: str, uid: str, member: str, time: datetime) -> str:
    """The identity of an award: 48 bits of time, 26 of the uid, 48 of SHA-1 under AWARD_NAMESPACE."""
    milliseconds = (time - EPOCH) // timedelta(milliseconds=1)
    of_uid = uuid.UUID(uid).int >> 100 & ~(0b11 << 14)  # 28 bits, but for the two where the variant goes
    first = milliseconds << 80 | 8 << 76 | (of_uid >> 16) << 64 | 0b10 << 62 | (of_uid & 0xFFFF) << 48
    return _hashed(first, f"{community}|{rule}|{slot}|{uid}|{member}")


def amendment_id(award: str, revision: int) -> str:
    """The identity of what changes an award for the how manieth time."""
    return _hashed(uuid.UUID(award).int >> 48 << 48, f"amendment|{award}|{revision}")


def _hashed(first: int, name: str) -> str:
    digest = hashlib.sha1(AWARD_NAMESPACE.bytes + name.encode(), usedforsecurity=False).digest()
    return str(uuid.UUID(int=first | int.from_bytes(digest[:6])))


def message(event_id: str, time: datetime, sender: str, receiver: str) -> Event:
    """Somebody wrote to somebody."""
    data = {"channel": "chat", "actor": {"id": sender}, "object": {"id": event_id, "author": {"id": receiver}}}
    return _event(event_id, "chat.message.v1", time, data)


def said_of(of: Event, by: str | None, minutes: int, *, is_retraction: bool = True) -> Event:
    """Somebody, or nobody knows who, takes a message back or restores it, so long after it was written."""
    data: dict[str, Any] = {"channel": "chat", "target": {"source": SOURCE, "id": of["id"]}}
    if by is not None:
        data["actor"] = {"id": by}
    name, kind = ("not", "activity.retracted.v1") if is_retraction else ("again", "activity.restored.v1")
    return _event(f"{name}-{of['id']}-{minutes}", kind, of["time"] + timedelta(minutes=minutes), data)


def _event(event_id: str, kind: str, time: datetime, data: dict[str, Any]) -> Event:
    return {"specversion": "1.0", "id": event_id, "source": SOURCE, "type": kind, "time": time, "data": data}


@dataclass
class Load:
    """Events in the order of sending, some of them twice, and some taken back."""

    community: str
    events: list[Event] = field(default_factory=list)
    #: Whose ids are random: as the platform told them, by who they are in the chat.
    members: dict[str, str] = field(default_factory=dict)

    def member_of(self, person: str) -> str:
        """The member behind somebody of the chat."""
        return self.members.get(person, f"no member for {person}")

    @property
    def people(self) -> set[str]:
        """Who did something, or was written to."""
        said = [event["data"] for event in self.events]
        found = {one["actor"]["id"] for one in said if "actor" in one}
        return found | {one["object"]["author"]["id"] for one in said if "object" in one}

    def add(self, *events: Event) -> None:
        """Send these too."""
        self.events += events

    def requests(self, events_per_request: int) -> list[list[bytes]]:
        """The events as requests of a few events each."""
        serialised = [orjson.dumps(event) for event in self.events]
        return [serialised[i : i + events_per_request] for i in range(0, len(serialised), events_per_request)]

    @property
    def unique(self) -> dict[str, Event]:
        """The events by id; what is sent again has the same content."""
        return {event["id"]: event for event in self.events}


def build(community: str, rng: Random, count: int, days_ago: int = 5) -> Load:
    """About `count` messages between people of whom some are written to far more than others."""
    first_day = (datetime.now(UTC) - timedelta(days=days_ago)).replace(hour=0, minute=0, second=0, microsecond=0)
    people = [f"p{number}" for number in range(PEOPLE_COUNT)]
    weights = [1 / (number + 1) for number in range(PEOPLE_COUNT)]
    messages = []
    for number in range(count):
        sender, receiver = rng.choice(people), rng.choices(people, weights)[0]
        time = first_day + timedelta(seconds=rng.randrange(DAYS_COUNT * 86_400), milliseconds=rng.randrange(1000))
        messages.append(message(f"m{number}", time, sender, receiver))
    said = []
    for one in rng.sample(messages, int(count * RETRACTED_SHARE)):
        # By whoever wrote it, whom it was written to, somebody else or nobody knows whom; and perhaps not for
        # good.
        by = rng.choice([_sender(one), _receiver(one), "moderator", None])
        said.append(said_of(one, by, 2 * rng.randrange(1, 60)))
        if rng.random() < RESTORED_SHARE:
            said.append(said_of(one, "moderator", 2 * rng.randrange(1, 60) + 1, is_retraction=False))
    placed = [(rng.random(), one) for one in messages]
    placed += [(rng.random(), one) for one in said]
    placed += [(rng.random(), one) for _, one in rng.sample(placed, int(count * REPEATED_SHARE))]
    return Load(community, [one for _, one in sorted(placed, key=lambda pair: pair[0])])


def _sender(event: Event) -> str:
    return str(event["data"]["actor"]["id"])


def _receiver(event: Event) -> str:
    return str(event["data"]["object"]["author"]["id"])


@dataclass
class Expected:
    """What must be true once everything has come through."""

    events: set[str] = field(default_factory=set)
    #: What awards amount to, whatever the order: id → (member, points), but for those that amount to nothing.
    awards: dict[str, tuple[str, int]] = field(default_factory=dict)
    points: Counter[str] = field(default_factory=Counter)
    #: Points that members have given for rewards: gone from the ledger's balances, not from what was earned.
    spent: Counter[str] = field(default_factory=Counter)
    standing: dict[str, set[str]] = field(default_factory=dict)
    people: set[str] = field(default_factory=set)
    participation: Counter[date] = field(default_factory=Counter)

    def add(self, award: str, member: str, points: int) -> None:
        """An award amounts to so much in the end."""
        self.awards[award] = (member, points)
        self.points[member] += points


def who_took_back(events: Iterable[Event]) -> dict[str, Any]:
    """The messages that are taken back for good, by id, and by whom, as far as that is known."""
    last: dict[str, Event] = {}
    for one in events:
        if "target" in one["data"]:
            target = one["data"]["target"]["id"]
            last[target] = max(last.get(target, one), one, key=lambda said: (said["time"], said["id"]))
    return {target: one["data"].get("actor") for target, one in last.items() if "retracted" in one["type"]}


def expect(load: Load, later: Collection[str] = (), later_points: int = MESSAGE_POINTS) -> Expected:
    """Work out what must come of a load; messages among the uids `later` earn other points."""
    expected = Expected()
    community = load.community
    unique = load.unique
    taken_back = who_took_back(unique.values())
    written: Counter[str] = Counter()
    received: dict[tuple[str, date], list[Event]] = defaultdict(list)
    for event_id, event in unique.items():
        expected.events.add(event_uid(community, event_id))
        if "actor" in event["data"]:
            expected.people.add(load.member_of(_sender(event)))
        if "target" in event["data"]:
            continue
        sender, receiver = (load.member_of(person) for person in (_sender(event), _receiver(event)))
        expected.people.add(receiver)
        uid = event_uid(community, event_id)
        award = award_id(community, "message", "actor", uid, sender, event["time"])
        if event_id not in taken_back:
            expected.add(award, sender, later_points if uid in later else MESSAGE_POINTS)
            expected.participation[event["time"].date()] += 1
            written[sender] += 1
        if receiver != sender:
            received[receiver, event["time"].date()].append(event)
    for (receiver, _), events in received.items():
        _written_to(expected, load, receiver, events, taken_back)
    for member in expected.points:
        held = {badge for badge, least in BADGES.items() if written[member] >= least}
        expected.standing[member] = held | {
            level for level, least in LEVELS.items() if expected.points[member] >= least
        }
    return expected


def _written_to(
    expected: Expected,
    load: Load,
    receiver: str,
    events: list[Event],
    taken_back: dict[str, Any],
) -> None:
    """The awards of one member and day for being written to: the earliest have the room.

    What was taken back by others is as if it had never been; what the member took back keeps its room.
    """
    room = WRITTEN_TO_CAP
    for event in sorted(events, key=lambda one: (one["time"], one["id"])):
        is_gone = event["id"] in taken_back
        by = taken_back.get(event["id"])
        is_own = is_gone and by is not None and load.member_of(by["id"]) == receiver
        if (is_gone and not is_own) or not room:
            continue
        given = min(room, WRITTEN_TO_POINTS)
        room -= given
        if not is_gone:
            uid = event_uid(load.community, event["id"])
            award = award_id(load.community, "written-to", "object_author", uid, receiver, event["time"])
            expected.add(award, receiver, given)
