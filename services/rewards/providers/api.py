"""HTTP routes of accounts at providers of goods, and of the cards that rewards are."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.rewards.catalogue.api.rewards import UNKNOWN_CATALOGUE_REWARD
from services.rewards.providers.domain import contract
from services.rewards.providers.domain.accounts import (
    FIELDS,
    OPTIONAL,
    Account,
    NoGoodsError,
    NoSuchProviderError,
    UnknownAccountError,
    UnusableAccountError,
)
from services.rewards.providers.domain.contract import OF_GOODS, PAYING_OUT, ProviderName
from services.rewards.providers.domain.orders import NoCardError, NoGiftCardError
from services.rewards.providers.handlers import accounts, cards
from services.rewards.providers.store.accounts import load_accounts
from services.rewards.settings import Settings
from services.rewards.vouchers.api import NO_VOUCHER_KEYS
from shared.contracts.fields import MINOR_UNITS_MAX, NO_CONTROL, Slug
from shared.http import (
    Conn,
    ErrorTable,
    FieldError,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    configured,
    problem_responses,
    requires,
)

NO_SUCH_PROVIDER = ProblemType("provider-not-here", 409, "This installation does not reach the provider")
UNKNOWN_ACCOUNT = ProblemType("unknown-provider-account", 404, "There is no account at the provider")
UNUSABLE_ACCOUNT = ProblemType("unusable-provider-account", 422, "The account lacks something, or has too much")
NO_GIFT_CARD = ProblemType("no-gift-card", 409, "The reward is no gift card")
NO_CARD = ProblemType("gift-card-not-named", 409, "Nobody has said which card it is")
SECRET_MAX_CHARS: Final = 500
PUBLIC_KEY_MAX_CHARS: Final = 2_000

router = APIRouter(tags=["gift cards"])
Keeper = Annotated[Principal, requires(Scope.REWARDS_WRITE)]
Reader = Annotated[Principal, requires(Scope.REWARDS_READ)]
InSettings = Annotated[Settings, configured(Settings)]
Shown = Annotated[str | None, Field(min_length=1, max_length=SECRET_MAX_CHARS, pattern=NO_CONTROL)]


#: Written out where it stands, as clients know it.
Provided = Literal["sandbox", "xoxoday", "tremendous"]


class ProviderAccount(RequestBody):
    """What an account shows at its provider; what it takes depends on the provider."""

    api_key: Shown = Field(None, description="sandbox, tremendous, wise, stripe", examples=["try-this"])
    funding_source_id: Shown = Field(None, description="tremendous: what pays for orders", examples=[None])
    client_id: Shown = Field(None, description="xoxoday, paypal", examples=[None])
    client_secret: Shown = Field(None, description="xoxoday, paypal", examples=[None])
    refresh_token: Shown = Field(None, description="xoxoday: the newest; it is used once", examples=[None])
    webhook_id: Shown = Field(None, description="paypal: of the webhook that points here", examples=[None])
    profile_id: Shown = Field(None, description="wise: whose balance pays", examples=[None])
    webhook_public_key: Annotated[str | None, Field(min_length=1, max_length=PUBLIC_KEY_MAX_CHARS)] = Field(
        None, description="wise: the key in PEM by which it signs webhooks, as it publishes it", examples=[None]
    )
    email: Shown = Field(None, description="xoxoday: whose orders they are; no member's", examples=[None])
    own_address: Shown = Field(
        None,
        description="sandbox, paypal, wise, stripe: by what members would name this account itself; a payout "
        "there waits for a person, where a payout policy stops shared accounts",
        examples=[None],
    )
    webhook_secret: Shown = Field(
        None,
        description="What signs its webhooks; that of before is taken for a while beside",
        examples=["whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="],
    )

    @property
    def fields(self) -> Mapping[str, str]:
        """What was given, but for the secret."""
        given = self.model_dump(exclude={"webhook_secret"}, exclude_none=True)
        return {name: str(value) for name, value in given.items()}


class AccountShown(BaseModel):
    """A provider, and a community's account there, without what it shows."""

    provider: ProviderName
    is_available: bool = Field(description="Whether this installation reaches the provider")
    is_connected: bool
    has_gift_cards: bool
    pays_out: bool = Field(description="Whether payouts can go by it")
    needs: list[str] = Field(description="What connecting it takes", examples=[["api_key"]])
    takes: list[str] = Field(description="What it may show beside", examples=[["own_address"]])
    webhook_path: str | None = Field(
        description="Where its webhooks go at this service; null before it was connected",
        examples=["/v1/provider-webhooks/0b0d0f4e-2a43-4d38-9f0c-1f4f6d1c2b3a"],
    )
    connected_at: datetime | None
    failures_count: int = Field(description="Failures since it last answered", examples=[0])
    rests_until: datetime | None = Field(description="Nothing is asked until then, because it failed")
    last_failure: str | None
    old_secret_until: datetime | None = Field(
        description="Until then webhooks are taken that the secret of before signed; null where there is none"
    )

    @classmethod
    def of(cls, provider: ProviderName, account: Account | None, *, settings: Settings, now: datetime) -> Self:
        """It as it is answered."""
        old_until = account.old_secret_until if account else None
        return cls(
            provider=provider,
            is_available=bool(getattr(settings, f"provider_{provider}_url")),
            is_connected=account is not None and account.is_connected,
            has_gift_cards=provider in OF_GOODS,
            pays_out=provider in PAYING_OUT,
            needs=list(FIELDS[provider]),
            takes=list(OPTIONAL.get(provider, ())),
            webhook_path=f"/v1/provider-webhooks/{account.account_id}" if account else None,
            connected_at=account.connected_at if account else None,
            failures_count=account.failures_count if account else 0,
            rests_until=account.rests_until if account else None,
            last_failure=account.last_failure if account else None,
            old_secret_until=old_until if old_until is not None and old_until > now else None,
        )


class AccountsShown(BaseModel):
    """All providers, with a community's accounts."""

    items: list[AccountShown]


class GiftCard(RequestBody):
    """Which card of which provider a reward is."""

    provider: Provided = Field(examples=["sandbox"])
    product_id: Annotated[str, Field(min_length=1, max_length=100, pattern=NO_CONTROL)] = Field(
        description="Which product, by the provider's id", examples=["sandbox-books"]
    )
    face_minor: Annotated[int, Field(gt=0, le=MINOR_UNITS_MAX)] = Field(
        description="What it is worth, in minor units of its currency", examples=[1000]
    )
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = Field(examples=["EUR"])


class GiftCardShown(BaseModel):
    """The card that a reward is."""

    reward_id: str = Field(examples=["book-card"])
    provider: ProviderName
    product_id: str = Field(examples=["sandbox-books"])
    face_minor: int = Field(examples=[1000])
    currency: str = Field(examples=["EUR"])

    @classmethod
    def of(cls, card: contract.Card, reward_id: str) -> Self:
        """It as it is answered."""
        return cls(reward_id=reward_id, **card._asdict())


@router.get(
    "/v1/providers",
    summary="Providers of gift cards and of payouts, and accounts there",
    responses=problem_responses(),
)
async def list_providers(principal: Reader, conn: Conn, settings: InSettings) -> AccountsShown:
    """All that there are, connected or not. What an account shows is never answered."""
    known = {one.provider: one for one in await load_accounts(conn, community=principal.community)}
    now = datetime.now(UTC)
    return AccountsShown(
        items=[AccountShown.of(one, known.get(one), settings=settings, now=now) for one in ProviderName]
    )


@router.put(
    "/v1/providers/{provider}",
    summary="Connect an account at a provider",
    responses=problem_responses(UNKNOWN_ACCOUNT, NO_SUCH_PROVIDER, UNUSABLE_ACCOUNT, NO_VOUCHER_KEYS),
)
async def put_provider(principal: Keeper, tx: Tx, provider: ProviderName, said: ProviderAccount) -> AccountShown:
    """It is kept sealed. Connected again, it goes on with what is said now; open orders go on with it."""
    account = await accounts.connect(
        tx,
        community=principal.community,
        provider=provider,
        fields=said.fields,
        webhook_secret=said.webhook_secret,
        by=principal.credential,
    )
    return AccountShown.of(provider, account, settings=tx.settings, now=tx.now)


@router.post(
    "/v1/providers/{provider}/end-old-secret",
    summary="End the secret of before of a provider's webhooks",
    responses=problem_responses(UNKNOWN_ACCOUNT, NO_VOUCHER_KEYS),
)
async def end_old_provider_secret(principal: Keeper, tx: Tx, provider: ProviderName) -> AccountShown:
    """Webhooks that it signed are refused from now on; it ends by itself a while after another was given."""
    account = await accounts.end_old_secret(tx, community=principal.community, provider=provider)
    return AccountShown.of(provider, account, settings=tx.settings, now=tx.now)


@router.post(
    "/v1/providers/{provider}/disconnect",
    summary="Disconnect an account at a provider",
    responses=problem_responses(UNKNOWN_ACCOUNT),
)
async def disconnect_provider(principal: Keeper, tx: Tx, provider: ProviderName) -> AccountShown:
    """What it shows is forgotten: nothing is ordered there any more. Open orders wait for another connection."""
    account = await accounts.disconnect(tx, community=principal.community, provider=provider)
    return AccountShown.of(provider, account, settings=tx.settings, now=tx.now)


@router.put(
    "/v1/catalogue/rewards/{reward_id}/card",
    summary="Say which gift card a reward is",
    responses=problem_responses(UNKNOWN_CATALOGUE_REWARD, NO_GIFT_CARD),
)
async def put_gift_card(principal: Keeper, tx: Tx, reward_id: Slug, card: GiftCard) -> GiftCardShown:
    """From now on; what was redeemed stays the card that it was."""
    said = contract.Card(ProviderName(card.provider), card.product_id, card.face_minor, card.currency)
    await cards.set_card(tx, said, community=principal.community, reward_id=reward_id)
    return GiftCardShown.of(said, reward_id)


@router.get(
    "/v1/catalogue/rewards/{reward_id}/card",
    summary="The gift card that a reward is",
    responses=problem_responses(UNKNOWN_CATALOGUE_REWARD, NO_CARD),
)
async def get_gift_card(principal: Reader, conn: Conn, reward_id: Slug) -> GiftCardShown:
    """Of which provider, which product, and what it is worth."""
    card = await cards.load_card(conn, community=principal.community, reward_id=reward_id)
    return GiftCardShown.of(card, reward_id)


ERRORS: Final[ErrorTable] = {
    NoGoodsError: lambda error: Problem(UNUSABLE_ACCOUNT, f"{error.provider} has no gift cards: it pays out"),
    NoSuchProviderError: lambda error: Problem(
        NO_SUCH_PROVIDER,
        f"PLAUDIT_PROVIDER_{error.provider.upper()}_URL is empty: its operator sets it",
    ),
    UnknownAccountError: lambda error: Problem(
        UNKNOWN_ACCOUNT, f"PUT /v1/providers/{error.provider} connects one"
    ),
    UnusableAccountError: lambda error: Problem(
        UNUSABLE_ACCOUNT, str(error), [FieldError(field=f"/{error.field}", detail=str(error))]
    ),
    NoCardError: lambda error: Problem(
        NO_CARD, f"PUT /v1/catalogue/rewards/{error.reward_id}/card says which it is; nothing was reserved"
    ),
    NoGiftCardError: lambda error: Problem(
        NO_GIFT_CARD, f"{error.reward_id!r} is of another kind: add a reward of the kind gift_card"
    ),
}
