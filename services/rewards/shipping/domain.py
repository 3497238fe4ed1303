"""Addresses, and the queue of what is to be sent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from services.rewards.fulfilment.domain import Fulfilment, FulfilmentState
from shared.contracts.fields import Timestamp, Uuid

NAME_MAX_CHARS: Final = 100
LINE_MAX_CHARS: Final = 100
LINES_MAX_COUNT: Final = 3
POSTCODE_MAX_CHARS: Final = 16
REASON_MAX_CHARS: Final = 300
CARRIER_MAX_CHARS: Final = 60
TRACKING_MAX_CHARS: Final = 500


class Address(NamedTuple):
    """Where something is sent. It is in no log, fact or error."""

    name: str
    lines: tuple[str, ...]
    postcode: str
    city: str
    region: str
    #: ISO 3166-1 alpha-2.
    country: str

    def __repr__(self) -> str:
        return "Address(…)"


class SealedAddress(NamedTuple):
    """An address as it is kept, and by which key."""

    community: str
    redemption_id: str
    sealed_by: str
    content: bytes


@dataclass(frozen=True, slots=True)
class ToSend:
    """What is to be sent, or was: its fulfilment, and what of its redemption one sees in the queue."""

    fulfilment: Fulfilment
    title: str
    member_id: str
    member_name: str | None
    has_address: bool

    @property
    def place(self) -> "ToSendPlace":
        """Where it stands in the queue."""
        return ToSendPlace(self.fulfilment.created_at, self.fulfilment.redemption_id)


class ToSendPlace(NamedTuple):
    """Where a page of the queue ended."""

    created_at: Timestamp
    redemption_id: Uuid


class ToSendFilter(NamedTuple):
    """Which goods: of a state, in whose hand, of one redemption; None for all."""

    state: FulfilmentState | None = None
    held_by: str | None = None
    redemption_id: str | None = None


class Waiting(NamedTuple):
    """How many goods wait to be sent, and since when what waits longest; what lacks an address does not."""

    number: int
    since: datetime | None


class NoAddressError(Exception):
    """Nobody has said where it is to be sent, or the address is gone."""


class AddressClosedError(Exception):
    """The address is not asked for any more: `state` says where the goods are."""

    def __init__(self, state: FulfilmentState) -> None:
        super().__init__(f"it is {state}")
        self.state = state


class NotInYourHandError(Exception):
    """Somebody else has it in hand, or nobody has."""
