"""HTTP routes of what providers have: asked for, how it differs from what was accepted, and accepted."""

from datetime import datetime
from typing import Annotated, Final, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.rewards.products import handlers, store
from services.rewards.products.domain import (
    Accepted,
    Difference,
    KnownProduct,
    Part,
    ProductKey,
    ProductsMovedError,
    Refresh,
    UnknownProductError,
)
from services.rewards.providers.api import NO_SUCH_PROVIDER, UNKNOWN_ACCOUNT, UNUSABLE_ACCOUNT
from services.rewards.providers.domain.contract import Product, ProviderName
from shared.contracts.fields import NO_CONTROL
from shared.http import (
    Conn,
    ErrorTable,
    Limit,
    Page,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    after,
    problem_responses,
    requires,
)

UNKNOWN_PRODUCT = ProblemType("unknown-provider-product", 409, "Nothing differs of the product")
PRODUCTS_MOVED = ProblemType("provider-products-moved", 409, "The provider has other products since")
#: Products that are named in one request; all at once are accepted without naming them.
NAMED_MAX_COUNT: Final = 500

router = APIRouter(tags=["gift cards"])
Keeper = Annotated[Principal, requires(Scope.REWARDS_WRITE)]
Reader = Annotated[Principal, requires(Scope.REWARDS_READ)]


class RefreshShown(BaseModel):
    """When a provider is asked for what it has, and what came of it."""

    provider: ProviderName
    revision: int = Field(description="Counts what was found to be other; say it when you accept", examples=[3])
    asked_at: datetime = Field(description="When somebody last had it asked")
    next_at: datetime = Field(description="When it is asked next, by itself too")
    answered_at: datetime | None = Field(description="When it last said what it has")
    failed_at: datetime | None = Field(description="Since then it did not answer what can be read")
    reason: str | None = Field(description="Why not", examples=["no answer within 10 s"])

    @classmethod
    def of(cls, refresh: Refresh) -> Self:
        """It as it is answered."""
        return cls(
            provider=refresh.provider,
            revision=refresh.revision,
            asked_at=refresh.asked_at,
            next_at=refresh.due_at,
            answered_at=refresh.answered_at,
            failed_at=refresh.failed_at,
            reason=refresh.reason,
        )


class ProductShown(BaseModel):
    """A product of a provider."""

    name: str = Field(examples=["Books (sandbox)"])
    countries: list[str] = Field(examples=[["DE", "IT"]])
    faces: list[int] = Field(
        description="The values that it comes in, in minor units; empty: any from min to max",
        examples=[[500, 1000, 2500]],
    )
    min_minor: int = Field(examples=[500])
    max_minor: int = Field(examples=[2500])
    fee_basis_points: int = Field(
        description="What the provider takes beside, in hundredths of a percent", examples=[0]
    )
    discount_basis_points: int = Field(examples=[300])
    delivery_days: int = Field(examples=[0])
    validity: str = Field(description="How long it is valid, in the provider's words", examples=["24 months"])

    @classmethod
    def of(cls, product: Product | None) -> Self | None:
        """It as it is answered."""
        if product is None:
            return None
        return cls(**{name: value for name, value in product._asdict().items() if name in cls.model_fields})


class ProductChange(BaseModel):
    """A part of a product that is other than it was accepted."""

    part: Part = Field(examples=["fee"])
    before: str = Field(examples=["0 %"])
    after: str = Field(examples=["1.5 %"])


class ProviderProduct(BaseModel):
    """A product as it was accepted and as it was found last, and how the two differ."""

    product_id: str = Field(examples=["sandbox-books"])
    currency: str = Field(examples=["EUR"])
    difference: Difference = Field(examples=["changed"])
    changes: list[ProductChange]
    accepted: ProductShown | None = Field(description="Null for one that nobody accepted yet")
    found: ProductShown | None = Field(description="Null for one that the provider has no more")
    rewards: list[str] = Field(
        description="The rewards that are it and not withdrawn", examples=[["book-card", "book-card-25"]]
    )
    lacking: list[str] = Field(
        description="Those of them that it does not come in any more: accepted, they are withdrawn",
        examples=[["book-card-25"]],
    )

    @classmethod
    def of(cls, known: KnownProduct) -> Self:
        """It as it is answered."""
        return cls(
            product_id=known.key.product_id,
            currency=known.key.currency,
            difference=known.difference,
            changes=[ProductChange(**change._asdict()) for change in known.changes],
            accepted=ProductShown.of(known.accepted),
            found=ProductShown.of(known.found),
            rewards=list(known.rewards),
            lacking=list(known.lacking),
        )


class ProductNamed(RequestBody):
    """A product that is meant."""

    product_id: Annotated[str, Field(min_length=1, max_length=100, pattern=NO_CONTROL)] = Field(
        examples=["sandbox-books"]
    )
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = Field(examples=["EUR"])


class AcceptProducts(RequestBody):
    """Which products are accepted as they were found."""

    revision: Annotated[int, Field(ge=0, le=2**31 - 1)] = Field(
        description="Of the list that you have seen; another since is refused", examples=[3]
    )
    products: Annotated[list[ProductNamed], Field(min_length=1, max_length=NAMED_MAX_COUNT)] | None = Field(
        None, description="Null: all that differ"
    )


class ProductsAccepted(BaseModel):
    """What was accepted."""

    accepted_count: int = Field(examples=[2])
    withdrawn: list[str] = Field(
        description="Rewards that nobody can choose any more, as their card is gone", examples=[["book-card-25"]]
    )

    @classmethod
    def of(cls, accepted: Accepted) -> Self:
        """It as it is answered."""
        return cls(accepted_count=accepted.accepted_count, withdrawn=list(accepted.withdrawn))


@router.post(
    "/v1/providers/{provider}/refresh",
    summary="Have a provider asked for the gift cards that it has",
    responses=problem_responses(UNKNOWN_ACCOUNT, UNUSABLE_ACCOUNT, NO_SUCH_PROVIDER),
)
async def refresh_provider(principal: Keeper, tx: Tx, provider: ProviderName) -> RefreshShown:
    """Within seconds, and by itself from then on. Nothing changes for members before somebody accepts it."""
    return RefreshShown.of(await handlers.ask(tx, community=principal.community, provider=provider))


@router.get(
    "/v1/providers/{provider}/refresh",
    summary="When a provider is asked for the gift cards that it has",
    responses=problem_responses(UNKNOWN_ACCOUNT),
)
async def get_provider_refresh(principal: Reader, conn: Conn, provider: ProviderName) -> RefreshShown:
    """And what came of it last; 404 where nobody ever had it asked."""
    return RefreshShown.of(await handlers.load_refresh(conn, community=principal.community, provider=provider))


@router.get(
    "/v1/providers/{provider}/products",
    summary="The gift cards that a provider has, and how they differ from what was accepted",
    responses=problem_responses(UNKNOWN_ACCOUNT),
)
async def list_provider_products(
    principal: Reader,
    conn: Conn,
    provider: ProviderName,
    place: Annotated[ProductKey | None, after(ProductKey)],
    differs: Annotated[bool | None, Query(description="Only those that differ; false: only the others")] = None,
    limit: Limit = 100,
) -> Page[ProviderProduct]:
    """By their ids, as they were found when the provider last answered."""
    community = principal.community
    await handlers.load_refresh(conn, community=community, provider=provider)
    found = await store.page_of_products(
        conn, community=community, provider=provider, differs=differs, after=place, limit=limit
    )
    return Page.of(found, limit, item=ProviderProduct.of, place=lambda known: known.key)


@router.post(
    "/v1/providers/{provider}/products/accept",
    summary="Accept gift cards of a provider as they were found",
    responses=problem_responses(UNKNOWN_ACCOUNT, UNKNOWN_PRODUCT, PRODUCTS_MOVED),
)
async def accept_provider_products(
    principal: Keeper, tx: Tx, provider: ProviderName, said: AcceptProducts
) -> ProductsAccepted:
    """Rewards whose card is gone, or comes in their value no more, are withdrawn; what was chosen goes on."""
    named = said.products
    accepted = await handlers.accept(
        tx,
        community=principal.community,
        provider=provider,
        revision=said.revision,
        keys=None if named is None else [ProductKey(one.product_id, one.currency) for one in named],
    )
    return ProductsAccepted.of(accepted)


ERRORS: Final[ErrorTable] = {
    UnknownProductError: lambda error: Problem(
        UNKNOWN_PRODUCT,
        f"Of {error.key.product_id!r} in {error.key.currency} there is nothing to accept: nothing was accepted",
    ),
    ProductsMovedError: lambda error: Problem(
        PRODUCTS_MOVED,
        f"The list is at revision {error.revision}: look at it again. Nothing was accepted",
    ),
}
