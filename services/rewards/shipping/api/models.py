"""What the routes of goods take, answer and refuse."""

from datetime import datetime
from typing import Annotated, Final, Self
from uuid import UUID

import pycountry
from pydantic import AfterValidator, BaseModel, Field, HttpUrl, StringConstraints

from services.rewards.fulfilment.domain import FulfilmentChange
from services.rewards.redemptions.api.models import Fulfiller, Fulfilment
from services.rewards.shipping import domain
from services.rewards.shipping.domain import (
    CARRIER_MAX_CHARS,
    LINE_MAX_CHARS,
    LINES_MAX_COUNT,
    NAME_MAX_CHARS,
    POSTCODE_MAX_CHARS,
    REASON_MAX_CHARS,
    TRACKING_MAX_CHARS,
    AddressClosedError,
    NoAddressError,
    NotInYourHandError,
    ToSend,
)
from shared.http import ErrorTable, Problem, ProblemType, RequestBody

NO_ADDRESS = ProblemType("no-delivery-address", 409, "Nobody has said where it is to be sent")
ADDRESS_CLOSED = ProblemType("delivery-address-closed", 409, "The address is not asked for any more")
NOT_IN_YOUR_HAND = ProblemType("goods-in-another-hand", 409, "Somebody else has it in hand, or nobody has")
ERRORS: Final[ErrorTable] = {
    NoAddressError: lambda _: Problem(
        NO_ADDRESS, "Its member says where on their page of rewards; handed over in person it is confirmed"
    ),
    AddressClosedError: lambda error: Problem(
        ADDRESS_CLOSED, f"It is {error.state}: whoever sends it had the address before. Nothing was changed"
    ),
    NotInYourHandError: lambda _: Problem(
        NOT_IN_YOUR_HAND, "Take it in hand first, so that no two people send it; nothing was changed"
    ),
}
_PRINTABLE: Final = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"


def _line(max_length: int, *, min_length: int = 0) -> object:
    return StringConstraints(
        strip_whitespace=True, min_length=min_length, max_length=max_length, pattern=_PRINTABLE
    )


def _country(code: str) -> str:
    if pycountry.countries.get(alpha_2=code) is None:
        raise ValueError("it is the code of a country as ISO 3166 has it, such as IT")
    return code


class Address(RequestBody):
    """Where something is sent, as it stands on the parcel."""

    name: Annotated[str, _line(NAME_MAX_CHARS, min_length=1)] = Field(examples=["Ada Lovelace"])
    lines: Annotated[
        list[Annotated[str, _line(LINE_MAX_CHARS, min_length=1)]],
        Field(min_length=1, max_length=LINES_MAX_COUNT, description="Street and number, and what is within"),
    ] = Field(examples=[["Via Roma 1", "Scala B"]])
    postcode: Annotated[str, _line(POSTCODE_MAX_CHARS)] = Field(
        "", description="Empty where the country has none", examples=["10121"]
    )
    city: Annotated[str, _line(NAME_MAX_CHARS, min_length=1)] = Field(examples=["Torino"])
    region: Annotated[str, _line(NAME_MAX_CHARS)] = Field(
        "", description="State or province, where it is written", examples=["TO"]
    )
    country: Annotated[str, Field(min_length=2, max_length=2, pattern="^[A-Z]{2}$"), AfterValidator(_country)] = (
        Field(description="ISO 3166-1 alpha-2", examples=["IT"])
    )

    def value(self) -> domain.Address:
        """The address as the domain has it."""
        return domain.Address(self.name, tuple(self.lines), self.postcode, self.city, self.region, self.country)


class AddressShown(BaseModel):
    """Where something is sent."""

    name: str = Field(examples=["Ada Lovelace"])
    lines: list[str] = Field(examples=[["Via Roma 1", "Scala B"]])
    postcode: str = Field(examples=["10121"])
    city: str = Field(examples=["Torino"])
    region: str = Field(examples=["TO"])
    country: str = Field(description="ISO 3166-1 alpha-2", examples=["IT"])

    @classmethod
    def of(cls, address: domain.Address) -> Self:
        """An address as it is answered."""
        return cls.model_validate(address._asdict())


class Shipment(RequestBody):
    """How goods were sent."""

    carrier: Annotated[str, _line(CARRIER_MAX_CHARS)] = Field("", examples=["Poste Italiane"])
    tracking_url: Annotated[HttpUrl, Field(max_length=TRACKING_MAX_CHARS)] | None = Field(
        None, description="Where its member sees how far it got", examples=["https://tracking.example.org/1Z999"]
    )


class WhyNot(RequestBody):
    """Why goods cannot be sent."""

    reason: Annotated[str, _line(REASON_MAX_CHARS, min_length=1)] = Field(
        description="Its member reads it", examples=["There are no more in your size"]
    )


class ToSendShown(BaseModel):
    """Goods that the community sends: where they are, and not where they go."""

    redemption_id: UUID
    title: str = Field(examples=["Mug"])
    member_id: UUID
    member_name: str | None = Field(examples=["Ada Lovelace"])
    state: Fulfilment
    has_address: bool = Field(description="Whether somebody said where it is sent")
    is_yours: bool = Field(description="Whether you have it in hand")
    created_at: datetime
    changed_at: datetime
    reason: str | None = Field(description="Why it could not be sent")
    carrier: str | None = Field(examples=["Poste Italiane"])
    tracking_url: str | None = Field(examples=["https://tracking.example.org/1Z999"])

    @classmethod
    def of(cls, one: ToSend, *, person_id: str) -> Self:
        """Goods as they are answered to a person."""
        goods = one.fulfilment
        return cls(
            redemption_id=UUID(goods.redemption_id),
            title=one.title,
            member_id=UUID(one.member_id),
            member_name=one.member_name,
            state=goods.state.value,
            has_address=one.has_address,
            is_yours=goods.held_by == person_id,
            created_at=goods.created_at,
            changed_at=goods.changed_at,
            reason=goods.reason,
            carrier=goods.parcel.carrier,
            tracking_url=goods.parcel.tracking_url,
        )


class Labelled(BaseModel):
    """Goods in your hand, and where they go."""

    redemption_id: UUID
    title: str = Field(examples=["Mug"])
    address: AddressShown | None = Field(description="null: it is gone, with whom it is for")


class FulfilmentStep(BaseModel):
    """A state that goods reached."""

    state: Fulfilment
    changed_at: datetime

    @classmethod
    def of(cls, change: FulfilmentChange) -> Self:
        """A step as it is answered."""
        return cls(state=change.state.value, changed_at=change.changed_at)


class OwnFulfilment(BaseModel):
    """Where a member's goods are."""

    redemption_id: UUID
    title: str = Field(examples=["Mug"])
    state: Fulfilment
    fulfilled_by: Fulfiller = Field(description="Who sends or orders it")
    may_say_where: bool = Field(description="Whether the address can be said, or corrected")
    address: AddressShown | None = Field(
        description="Where it is sent, for the member themselves; null for others, and some time after it is over"
    )
    reason: str | None = Field(description="Why it could not be sent")
    carrier: str | None = Field(examples=["Poste Italiane"])
    tracking_url: str | None = Field(examples=["https://tracking.example.org/1Z999"])
    steps: list[FulfilmentStep] = Field(description="The states that it reached, in their order")
