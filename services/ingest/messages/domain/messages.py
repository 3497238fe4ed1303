"""Messages, and what becomes of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

import uuid_utils

from services.ingest.measuring.domain.texts import Sealed
from services.ingest.messages.domain.kinds import Channel
from services.ingest.messages.domain.timing import QuietHours, Wishes

_IDS: Final = uuid_utils.UUID("6f2e5a54-7a35-5c9c-8f0b-1d0c5a3e9b61")


class MessageState(StrEnum):
    """What became of a message.

    One is UNKNOWN where the process ended, or the connection, between handing it over and the answer: nobody
    knows whether it went, and it is not sent again unless a person says so.
    """

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    BOUNCED = "bounced"
    UNKNOWN = "unknown"
    FAILED = "failed"
    DROPPED = "dropped"


#: From which state a person may have a message sent again.
AGAIN: Final = frozenset({MessageState.UNKNOWN, MessageState.FAILED, MessageState.BOUNCED})


class Why(StrEnum):
    """Why a message was not sent, or waits for another try."""

    NO_ADDRESS = "no_address"
    STOPPED_ADDRESS = "stopped_address"
    UNWANTED = "unwanted"
    NOT_A_PERSON = "not_a_person"
    ERASED = "erased"
    EXPIRED = "expired"
    NOT_SET_UP = "not_set_up"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    TRIES_OVER = "tries_over"
    NOT_OPENED = "not_opened"
    ROOM_GONE = "room_gone"


class Room(NamedTuple):
    """Where a room is posted to, sealed, and since when.

    Of one that is gone the platform said so at `gone_at`, in the words `gone_why`: nothing is posted there.
    """

    content: Sealed
    set_at: datetime
    gone_at: datetime | None = None
    gone_why: str | None = None


class AddressState(StrEnum):
    """Whether an address is written to: only one that is confirmed."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class UnknownMessageError(Exception):
    """The community has no such message."""


class NotAgainError(Exception):
    """The message is in a state from which it is not sent again; the message says which."""

    def __init__(self, state: MessageState) -> None:
        super().__init__(f"it is {state.value}; only what is {', '.join(sorted(AGAIN))} is sent again")


class NotSetUpError(Exception):
    """The installation cannot do it: the message says which setting is missing."""


class NoTokenError(Exception):
    """What was shown opens nothing: it was altered, its key is gone, or its time is over."""


class UnknownKindError(Exception):
    """There is no such kind of message; the message names those that there are."""


class NoAddressError(Exception):
    """Nobody gave an address of the member's."""


class UnknownRecipientError(Exception):
    """No recipient of that id is held."""


class NotABounceError(Exception):
    """What was handed in says of no address that it was not reached."""


class SettingsStaleError(Exception):
    """A change was made for another revision than there is."""

    def __init__(self, revision: int) -> None:
        super().__init__(f"the revision is {revision} now")


@dataclass(frozen=True)
class Address:
    """Where a member is reached by mail: sealed, with the keyed hash by which two are told to be the same."""

    community: str
    member_id: str
    address_id: str
    content: Sealed
    hash: str
    state: AddressState
    said_at: datetime


@dataclass(frozen=True)
class Settings:
    """What a community's messages are: the ways by which each kind goes, who writes, and how often at most."""

    community: str
    kinds: Mapping[str, frozenset[Channel]]
    sender_name: str | None
    reply_to: str | None
    day_max_count: int
    quiet: QuietHours | None
    digest: str
    revision: int


def unset(community: str) -> Settings:
    """What holds where a community said nothing: nothing goes to anybody."""
    return Settings(community, {}, None, None, 5, None, "08:00", 0)


@dataclass(frozen=True)
class Message:
    """A message. `why` says why it was not sent; `with_id` is the message that it went in, with others."""

    community: str
    message_id: str
    request_id: str
    channel: Channel
    kind: str
    member_id: str | None
    recipient_id: str | None
    language: str | None
    values: Mapping[str, str]
    state: MessageState
    requested_at: datetime
    due_at: datetime
    expires_at: datetime | None
    in_digest: bool
    tries_count: int
    settled_at: datetime | None = None
    why: Why | None = None
    said: str | None = None
    with_id: str | None = None


class MessagePlace(NamedTuple):
    """Where a page of messages ended, the newest first."""

    requested_at: datetime
    message_id: str


class Reach(NamedTuple):
    """How a member may be reached, as known now; who is not `is_shown` stands on no board and in no room."""

    head_id: str
    name: str | None
    zone: str | None
    language: str | None
    is_person: bool
    is_erased: bool
    is_shown: bool
    opted_out: bool
    address: Address | None
    wishes: Wishes


def message_id(request_id: str, channel: Channel) -> str:
    """The id of the message by which a request goes one way: asked for again it is the same."""
    return str(uuid_utils.uuid5(_IDS, f"{request_id}|{channel.value}"))


def why_not(reach: Reach, *, kind: str, is_service: bool) -> Why | None:
    """Why nothing is written to a member by mail; None where it is."""
    state = None if reach.address is None else reach.address.state
    is_unconfirmed = state is not AddressState.CONFIRMED and not is_service
    is_unwanted = (reach.opted_out or kind in reach.wishes.without) and not is_service
    reasons = (
        (reach.is_erased, Why.ERASED),
        (not reach.is_person, Why.NOT_A_PERSON),
        (state in (AddressState.BOUNCED, AddressState.COMPLAINED), Why.STOPPED_ADDRESS),
        (state is None or is_unconfirmed, Why.NO_ADDRESS),
        (is_unwanted, Why.UNWANTED),
    )
    return next((why for is_so, why in reasons if is_so), None)
