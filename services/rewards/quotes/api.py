"""Routes of prices that follow a rate: how a card's does, and the quotes in force."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints, model_validator

from services.rewards.catalogue.api.rewards import UNKNOWN_CATALOGUE_REWARD
from services.rewards.providers.api import NO_CARD, NO_SUCH_PROVIDER
from services.rewards.providers.domain.contract import Quote
from services.rewards.quotes.domain import CardQuote, Follows, QuoteNeededError, QuoteOverError, RatePrice
from services.rewards.quotes.handlers import pricing
from services.rewards.quotes.store.quotes import load_newest
from services.rewards.rates.api.models import exactly, shown
from shared.contracts.fields import Currency, Slug
from shared.http import (
    Conn,
    ErrorTable,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    problem_responses,
    requires,
)

router = APIRouter(tags=["catalogue"])

QUOTE_NEEDED = ProblemType("quote-needed", 409, "The price follows a rate: name a quote")
QUOTE_OVER = ProblemType("quote-over", 409, "The quote holds no more")
PER_POINT_DECIMALS: Final = 9

PerPoint = Annotated[str, StringConstraints(pattern=rf"^(0|[1-9]\d{{0,8}})(\.\d{{1,{PER_POINT_DECIMALS}}})?$")]


class CardPrice(RequestBody):
    """How the price of a card in points follows a rate; both fields null for the catalogue's own price again."""

    currency: Currency | None = Field(description="What the community pays in", examples=["EUR"])
    minor_per_point: PerPoint | None = Field(
        description="Minor units of the currency that a point is worth, as text so that it stays exact",
        examples=["0.95"],
    )
    follows: Literal["rates", "provider"] = Field(
        "rates",
        description="What it costs in that currency by: the community's exchange rates, or its provider's quotes",
    )

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.currency is None) != (self.minor_per_point is None):
            raise ValueError("say both, or neither")
        if self.minor_per_point is not None and not Decimal(self.minor_per_point):
            raise ValueError("a point is worth more than nothing")
        return self

    @property
    def price(self) -> RatePrice | None:
        """As the domain has it."""
        if self.currency is None or self.minor_per_point is None:
            return None
        return RatePrice(self.currency, Decimal(self.minor_per_point), Follows(self.follows))


class CardPriceShown(BaseModel):
    """How the price of a card follows a rate."""

    reward_id: str = Field(examples=["book-card"])
    currency: str | None = Field(examples=["EUR"])
    minor_per_point: str | None = Field(examples=["0.95"])
    follows: Literal["rates", "provider"] | None = Field(description="Null where it follows neither")


class QuoteShown(BaseModel):
    """What a card costs until the quote is over, and by which rate."""

    quote_id: UUID
    reward_id: str = Field(examples=["book-card"])
    points: int = Field(description="What is reserved for it", examples=[961])
    face_minor: int = Field(description="What the card is worth", examples=[1000])
    currency: str = Field(examples=["USD"])
    cost_minor: int = Field(description="What that costs in the community's currency", examples=[913])
    cost_currency: str = Field(examples=["EUR"])
    rate: str = Field(
        description="Units of the card's currency that a unit of the community's is, to twelve digits",
        examples=["1.0956"],
    )
    spread_basis_points: int = Field(examples=[150])
    source: Literal["table", "file", "provider"] | None = Field(
        description="Whose rate it is; null where both are one currency and no provider quoted it"
    )
    quoted_by: str | None = Field(
        description="By what of its provider's, where that quoted it", examples=["sandbox quotes"]
    )
    fee_minor: int = Field(description="What its provider takes beside, in the cost", examples=[0])
    discount_minor: int = Field(description="What its provider leaves off, not in the cost", examples=[0])
    rate_day: date | None
    quoted_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, quote: CardQuote) -> Self:
        """The quote as it is answered."""
        origin, offered = quote.origin, quote.offered
        return cls(
            quote_id=UUID(quote.quote_id),
            reward_id=quote.reward_id,
            points=quote.points,
            face_minor=quote.card.face_minor,
            currency=quote.card.currency,
            cost_minor=quote.cost_minor,
            cost_currency=quote.price.currency,
            rate=shown(quote.conversion.rate),
            spread_basis_points=quote.conversion.spread_basis_points,
            source="provider" if offered is not None else None if origin is None else origin.source,
            quoted_by=None if offered is None else offered.source,
            fee_minor=0 if offered is None else offered.fee_minor,
            discount_minor=0 if offered is None else offered.discount_minor,
            rate_day=None if origin is None else origin.day,
            quoted_at=quote.quoted_at,
            expires_at=quote.expires_at,
        )


class OrderQuote(BaseModel):
    """What its provider quoted for an order: when points were reserved, or once that was over before ordering."""

    cost_minor: int = Field(description="With its fee, less its discount", examples=[936])
    currency: str = Field(examples=["EUR"])
    rate: str = Field(
        description="Units of the card's currency that a unit of that is, to twelve digits", examples=["1.0956"]
    )
    spread_basis_points: int = Field(examples=[100])
    fee_minor: int = Field(examples=[14])
    discount_minor: int = Field(examples=[0])
    quoted_by: str = Field(description="By what of its provider's", examples=["sandbox quotes"])
    quoted_at: datetime
    ends_at: datetime | None = Field(description="When its provider says that it ends; null: it does not say")
    is_reserved: bool = Field(description="Whether the member's points were reserved at it")

    @classmethod
    def all_of(cls, quotes: Sequence[Quote]) -> list[Self]:
        """Those of an order as they are answered; points were reserved at the first."""
        return [
            cls(
                cost_minor=quote.cost_minor,
                currency=quote.cost_currency,
                rate=shown(Fraction(quote.rate)),
                spread_basis_points=quote.spread_basis_points,
                fee_minor=quote.fee_minor,
                discount_minor=quote.discount_minor,
                quoted_by=quote.source,
                quoted_at=quote.quoted_at,
                ends_at=quote.expires_at,
                is_reserved=number == 0,
            )
            for number, quote in enumerate(quotes)
        ]


class CardPriceNow(CardPriceShown):
    """How the price of a card follows a rate, and what it costs now."""

    quote: QuoteShown | None = Field(description="Null where the price follows no rate, or has none now")
    failed_at: datetime | None = Field(description="Since when it cannot be quoted")
    reason: str | None = Field(description="Why it could not be quoted", examples=["StaleRatesError"])


class QuotesShown(BaseModel):
    """The quotes in force, one a card."""

    items: list[QuoteShown]


@router.put(
    "/v1/catalogue/rewards/{reward_id}/card/price",
    summary="Have the price of a gift card follow a rate, or its provider",
    responses=problem_responses(UNKNOWN_CATALOGUE_REWARD, NO_CARD, NO_SUCH_PROVIDER),
)
async def put_card_price(
    principal: Annotated[Principal, requires(Scope.REWARDS_WRITE)], tx: Tx, reward_id: Slug, said: CardPrice
) -> CardPriceShown:
    """It is quoted within seconds, and again and again; what was quoted holds until its quote is over."""
    await pricing.set_price(tx, said.price, community=principal.community, reward_id=reward_id)
    price = said.price
    return CardPriceShown(
        reward_id=reward_id,
        currency=price.currency if price else None,
        minor_per_point=exactly(price.minor_per_point) if price else None,
        follows=price.follows.value if price else None,
    )


@router.get(
    "/v1/catalogue/rewards/{reward_id}/card/price",
    summary="How the price of a gift card follows a rate",
    responses=problem_responses(UNKNOWN_CATALOGUE_REWARD),
)
async def get_card_price(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ)], conn: Conn, reward_id: Slug
) -> CardPriceNow:
    """And what it costs now; both fields are null where it is the catalogue's own."""
    community = principal.community
    priced = await pricing.load_price(conn, community=community, reward_id=reward_id)
    newest = await load_newest(conn, community=community, reward_ids=[reward_id], now=datetime.now(UTC))
    quote = newest.get(reward_id)
    return CardPriceNow(
        reward_id=reward_id,
        currency=priced.price.currency if priced.price else None,
        minor_per_point=exactly(priced.price.minor_per_point) if priced.price else None,
        follows=priced.price.follows.value if priced.price else None,
        quote=None if quote is None else QuoteShown.of(quote),
        failed_at=priced.failed_at,
        reason=priced.reason,
    )


@router.get(
    "/v1/catalogue/quotes",
    summary="What gift cards cost now whose price follows a rate",
    responses=problem_responses(),
)
async def list_quotes(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_member=True)], conn: Conn
) -> QuotesShown:
    """Of each card the newest quote; one that lacks it cannot be chosen now. Its members may see it."""
    found = await load_newest(conn, community=principal.community, reward_ids=None, now=datetime.now(UTC))
    return QuotesShown(items=[QuoteShown.of(quote) for _, quote in sorted(found.items())])


def _now_at(current: CardQuote | None) -> str:
    if current is None:
        return (
            "There is none now: its rates are missing or too old, or its provider does not quote. "
            "Nothing was reserved"
        )
    until = current.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"It costs {current.points} points until {until}, by quote {current.quote_id}. Nothing was reserved"


ERRORS: Final[ErrorTable] = {
    QuoteNeededError: lambda error: Problem(QUOTE_NEEDED, _now_at(error.current)),
    QuoteOverError: lambda error: Problem(QUOTE_OVER, _now_at(error.current)),
}
