"""What each user may do at the broker: for services it follows from the topic registry."""

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from shared.broker import Mechanism
from shared.services import SERVICES
from shared.topics import LANE_PREFIX, PAYOUTS, TOPICS, Topic

ADMIN = "plaudit-admin"
#: How services and partners log in, whatever the administrator does.
SERVICES_MECHANISM: Mechanism = "SCRAM-SHA-512"


LANES_CONSUMERS = ("ingest",)
#: The services that look how far others are: the front door brakes when scoring is late.
WATCHED_BY = {"ingest": ("scoring",)}


class Resource(IntEnum):
    """What a right is about, by its number in Kafka's protocol."""

    TOPIC = 2
    GROUP = 3


class Pattern(IntEnum):
    """Whether a right is about one name or all that begin with it."""

    NAMED = 3
    BEGINNING = 4


class Operation(IntEnum):
    """What may be done; whoever may read or write may also ask what is there."""

    READ = 3
    WRITE = 4
    CREATE = 5
    DESCRIBE = 8


class Right(NamedTuple):
    """One thing that one user may do: Kafka calls it an access control entry (ACL)."""

    user: str
    operation: Operation
    resource: Resource
    name: str
    pattern: Pattern = Pattern.NAMED


def user_name(service: str) -> str:
    """The user as which a service logs in."""
    return f"plaudit-{service}"


def rights_of_services(services: Iterable[str] = SERVICES) -> set[Right]:
    """What the services may do, as the registry's producers and consumers say.

    A producer also reads what it writes where a restored database learns from it what it has forgotten.
    Beside their topics they have two groups: that of the consumer loop, and the host's, which elects a leader by a
    topic of its own. Some may ask how far others are.
    """
    rights = set()
    for service in services:
        user = user_name(service)
        for topic in TOPICS:
            if service in topic.producers:
                rights.add(Right(user, Operation.WRITE, Resource.TOPIC, topic.name))
            if service in topic.consumers or (topic.read_back and service in topic.producers):
                rights.add(Right(user, Operation.READ, Resource.TOPIC, topic.name))
        if service in LANES_CONSUMERS:
            rights.add(Right(user, Operation.READ, Resource.TOPIC, LANE_PREFIX, Pattern.BEGINNING))
        rights.add(Right(user, Operation.READ, Resource.GROUP, user))
        rights |= {
            Right(user, Operation.DESCRIBE, Resource.GROUP, user_name(other))
            for other in WATCHED_BY.get(service, ())
        }
        rights.add(Right(user, Operation.READ, Resource.GROUP, f"{user}-host"))
        for operation in (Operation.READ, Operation.WRITE, Operation.CREATE):
            rights.add(Right(user, operation, Resource.TOPIC, f"{user}-host-", Pattern.BEGINNING))
    return rights


def rights_of_finance(user: str) -> set[Right]:
    """What a finance system may do: read payouts, in groups that begin with its own name."""
    return {
        Right(user, Operation.READ, Resource.TOPIC, PAYOUTS.name),
        Right(user, Operation.READ, Resource.GROUP, user),
        Right(user, Operation.READ, Resource.GROUP, f"{user}.", Pattern.BEGINNING),
    }


def rights_of_platform(user: str, lane: Topic) -> set[Right]:
    """What a platform may do: write to its lane."""
    return {Right(user, Operation.WRITE, Resource.TOPIC, lane.name)}
