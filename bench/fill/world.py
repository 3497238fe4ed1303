"""Who did what in a community that is made up: the same for the same seed, some hundred days of it."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import uuid_utils

from shared.contracts.award_ids import award_prefix

DAYS = 365
#: Of a few members there is much, of most little: the share of members u³ did what a share u did.
SKEW = 3
#: Types with their channels, what their rules give, and how often they come.
KINDS = (
    ("chat.message.v1", "chat", "message", 1, 50),
    ("forum.reply.v1", "forum", "reply", 3, 25),
    ("forum.post.v1", "forum", "post", 5, 12),
    ("shop.purchase.v1", "shop", "purchase", 2, 8),
    ("in_person.check_in.v1", "in_person", "check-in", 10, 5),
)
REJECTED_EACH, REDEEMED_EACH = 50, 100
FIRST_NAMES = (
    "Ada",
    "Bruno",
    "Chiara",
    "Dmitri",
    "Emeka",
    "Fatima",
    "Goran",
    "Hana",
    "Ines",
    "Jonas",
    "Kira",
    "Lars",
)
LAST_NAMES = ("Abe", "Bianchi", "Costa", "Diallo", "Evans", "Fischer", "Gupta", "Horvat", "Ito", "Jansen", "Kaya")


class Kind(NamedTuple):
    """A type of event, where it happens, and what its rule gives."""

    type: str
    channel: str
    rule_id: str
    points: int


class Member(NamedTuple):
    """Somebody made up; what they are called on their channel is their number."""

    number: int
    member_id: uuid.UUID
    name: str
    channel: str


class Done(NamedTuple):
    """An event with the award that it led to."""

    number: int
    event_uid: uuid.UUID
    member_id: uuid.UUID
    kind: Kind
    at: datetime
    award_id: uuid.UUID

    @property
    def is_beside_a_rejection(self) -> bool:
        """Whether another event that came with it was rejected."""
        return self.number % REJECTED_EACH == 0

    @property
    def is_redeemed(self) -> bool:
        """Whether the points of its award are not there any more: they were used for a reward."""
        return self.number % REDEEMED_EACH == 0


@dataclass(frozen=True)
class World:
    """A community: so many members, and events in the days before `until` (midnight, UTC).

    Beside each REJECTED_EACH-th event another was rejected; points of each REDEEMED_EACH-th award were redeemed.
    """

    community: str
    seed: int
    members_count: int
    events_count: int
    until: datetime

    @property
    def source(self) -> str:
        """Where all of its events say that they come from."""
        return f"https://filled.example.org/{self.seed}"

    def _namespace(self, what: str) -> uuid_utils.UUID:
        return uuid_utils.uuid5(uuid_utils.NAMESPACE_URL, f"{self.source}/{self.community}/{what}")

    def member_id(self, number: int) -> uuid.UUID:
        """The id of a member, by their number from 0."""
        return uuid.UUID(int=uuid_utils.uuid5(self._namespace("members"), str(number)).int)

    def members(self) -> Iterator[Member]:
        """Everybody, in the order of their numbers."""
        for number in range(self.members_count):
            first = FIRST_NAMES[number % len(FIRST_NAMES)]
            last = LAST_NAMES[number // len(FIRST_NAMES) % len(LAST_NAMES)]
            channel = KINDS[number % len(KINDS)][1]
            yield Member(number, self.member_id(number), f"{first} {last} {number}", channel)

    def done(self) -> Iterator[Done]:
        """Everything that was done, in the order of its time."""
        chance = random.Random(self.seed)
        kinds = [Kind(*one[:4]) for one in KINDS]
        weights = [one[4] for one in KINDS]
        ids = [self.member_id(number) for number in range(self.members_count)]
        namespace = self._namespace("events")
        step = timedelta(days=DAYS) / max(1, self.events_count)
        began = self.until - timedelta(days=DAYS)
        for number in range(self.events_count):
            uid = uuid_utils.uuid5(namespace, str(number))
            at = began + step * number
            at = at.replace(microsecond=at.microsecond // 1000 * 1000)
            award = award_prefix(str(uid), at).replace("-", "") + f"{uid.int & 0xFFFFFFFFFFFF:012x}"
            yield Done(
                number,
                uuid.UUID(int=uid.int),
                ids[int(len(ids) * chance.random() ** SKEW)],
                chance.choices(kinds, weights)[0],
                at,
                uuid.UUID(hex=award),
            )
