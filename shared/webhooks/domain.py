"""Endpoints and deliveries as every service knows them: states, pauses between tries, ids."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

import uuid_utils

_NAMESPACE: Final = uuid_utils.UUID("9f5b1c0e-1b4b-5a58-8c3c-0c0f8a5a6d11")
#: From one try to the next, over a day; each is longer or shorter by a part of it, so that not all come at once.
PAUSES_SECONDS: Final = (5, 300, 1_800, 7_200, 18_000, 28_800, 36_000)
JITTER: Final = 0.2
#: An endpoint may ask for more patience than that, but not for ever.
RETRY_AFTER_MAX_SECONDS: Final = 3_600.0
#: A lane whose endpoint fails rests, twice as long each time, and then tries a single delivery.
REST_FIRST_SECONDS: Final = 1.0
REST_LONGEST_SECONDS: Final = 60.0


class DeliveryState(StrEnum):
    """What becomes of a delivery.

    `held` is one of which a restored database does not know whether it was made: it waits for somebody's word.
    """

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    HELD = "held"


#: Which states may be sent again when somebody asks for it.
REPLAYABLE: Final = (DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.HELD)


class NotOpenedError(Exception):
    """An endpoint's address and secrets cannot be opened; the message says why."""


class UnknownDeliveryError(Exception):
    """The service has no such delivery."""


class SettledDeliveryError(Exception):
    """A delivery is on its way already, or its endpoint takes none."""


class Sealed(NamedTuple):
    """What only the key of that id opens."""

    key_id: str
    content: bytes


class Secret(NamedTuple):
    """A secret, and until when it signs; None for the one that is in force."""

    value: str
    until: datetime | None


class Target(NamedTuple):
    """Where facts are delivered to, and what signs them, the newest first."""

    url: str
    secrets: tuple[Secret, ...]

    def signing(self, now: datetime) -> list[str]:
        """The secrets that sign now, the newest first."""
        return [secret.value for secret in self.secrets if secret.until is None or secret.until > now]


class Endpoint(NamedTuple):
    """An endpoint that a service delivers to; `failing_since` is when it first took nothing any more."""

    community: str
    endpoint_id: str
    name: str
    revision: int
    sealed: Sealed
    failing_since: datetime | None


class NewDelivery(NamedTuple):
    """A fact for an endpoint."""

    community: str
    endpoint_id: str
    message_id: str
    fact_type: str
    body: bytes


class Claimed(NamedTuple):
    """A delivery that this process is making."""

    delivery_id: str
    message_id: str
    body: bytes
    tries: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as the log has it; `body` is left out of lists. `status` is what the last try was answered."""

    delivery_id: str
    endpoint_id: str
    message_id: str
    fact_type: str
    state: DeliveryState
    made_at: datetime
    due_at: datetime
    tries: int
    tried_at: datetime | None
    status: int | None
    why: str | None
    body: bytes


class DeliveryPlace(NamedTuple):
    """Where a page of deliveries ended."""

    made_at: datetime
    delivery_id: str


@dataclass(frozen=True, slots=True)
class Lane:
    """How a service does with an endpoint. `gave_up` says that it delivers nothing until somebody enables it."""

    endpoint_id: str
    name: str
    waiting: int
    held: int
    oldest_at: datetime | None
    failing_since: datetime | None
    last_delivered_at: datetime | None
    gave_up: bool


def message_id(*, community: str, source: str, kind: str, fact_id: str) -> str:
    """A fact's id in the header: the same however often it is sent. Of a CloudEvent source and id are unique."""
    return str(uuid_utils.uuid5(_NAMESPACE, "\0".join((community, source, kind, fact_id))))


def delivery_id(endpoint_id: str, message: str) -> str:
    """The id of a fact's delivery to an endpoint."""
    return str(uuid_utils.uuid5(_NAMESPACE, f"{endpoint_id}\0{message}"))


def next_try(now: datetime, *, tries: int, chance: float, retry_after_seconds: float | None) -> datetime | None:
    """When a delivery that failed `tries` times is tried again; None after a day of it. 0 ≤ chance < 1."""
    if tries > len(PAUSES_SECONDS):
        return None
    pause = PAUSES_SECONDS[tries - 1] * (1 + JITTER * (2 * chance - 1))
    if retry_after_seconds is not None:
        pause = max(pause, min(retry_after_seconds, RETRY_AFTER_MAX_SECONDS))
    return now + timedelta(seconds=pause)


def rest_seconds(failures: int, chance: float) -> float:
    """How long a lane rests after so many failures in a row."""
    rest = min(REST_FIRST_SECONDS * 2.0 ** min(failures - 1, 10), REST_LONGEST_SECONDS)
    return rest * (1 + JITTER * (2 * chance - 1))
