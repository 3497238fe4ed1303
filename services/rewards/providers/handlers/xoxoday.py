"""Xoxoday Plum: one address for all questions, tokens that end, and orders by poNumber.

Its answers have a status of their own inside, amounts as numbers or texts, and dates in several ways. A refresh
token is used once: the next one comes with the access token and has to be kept before anything else is asked.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

import orjson

from services.rewards.providers.domain.amounts import basis_points, minor_of, written
from services.rewards.providers.domain.contract import (
    Answer,
    Card,
    Charge,
    Goods,
    Hint,
    LaterError,
    OtherOrderError,
    Product,
    Quote,
    RefusedError,
    Standing,
    UnknownOutcomeOfOrderError,
    Wanted,
    Webhook,
)
from services.rewards.providers.handlers.calls import (
    ACCOUNT_SECONDS,
    Caller,
    HttpAnswer,
    NoAnswerError,
    NotSentError,
    check_account,
    said,
)

_TOKEN: Final = "/v1/oauth/token/company"  # noqa: S105 -- a path
_API: Final = "/v1/oauth/api"
_UNAUTHORISED: Final = 401
#: A token is renewed so long before it ends.
RENEWED_BEFORE: Final = timedelta(hours=1)
PAGE_COUNT: Final = 100
PAGES_MAX_COUNT: Final = 100
_STANDINGS: Final = {
    "delivered": Standing.DELIVERED,
    "pending": Standing.PENDING,
    "processing": Standing.PENDING,
    "failed": Standing.FAILED,
    "cancelled": Standing.CANCELLED,
    "canceled": Standing.CANCELLED,
    "refunded": Standing.REVERSED,
}


class Tokens(NamedTuple):
    """What an account shows: the access token until it ends, and what renews it, once."""

    access: str
    refresh: str
    expires_at: datetime

    def __repr__(self) -> str:
        return "Tokens(…)"


#: Keeps new tokens for good before they are used.
Keep = Callable[[Tokens], Awaitable[None]]


class Xoxoday:
    """An account at Xoxoday Plum; `keep` stores the tokens that come instead of those that end."""

    def __init__(
        self,
        caller: Caller,
        *,
        client_id: str,
        client_secret: str,
        email: str,
        tokens: Tokens,
        keep: Keep,
        now: Callable[[], datetime],
    ) -> None:
        self._caller = caller
        self._client = (client_id, client_secret)
        self._email = email
        self._tokens = tokens
        self._keep = keep
        self._now = now

    async def products(self) -> Sequence[Product]:
        """All vouchers, page by page, a hundred pages at most."""
        found: list[Product] = []
        for page in range(1, PAGES_MAX_COUNT + 1):
            content = {"limit": PAGE_COUNT, "page": page, "exchangeRate": 1}
            data = await self._ask("getVouchers", content)
            if not isinstance(data, list):
                raise LaterError("it answered what is no list of vouchers")
            try:
                found += [_product(one) for one in data]
            except (KeyError, TypeError, ValueError) as error:
                raise LaterError("it answered what is no voucher") from error
            if len(data) < PAGE_COUNT:
                break
        return found

    async def quote(self, card: Card, *, pay_in: str, now: datetime) -> Quote:
        """A card costs its value with the fee and without the discount that its product has, in its currency.

        Their documents say of no other currency what a voucher costs in it, and place an order at no quote.
        """
        if pay_in != card.currency:
            raise RefusedError("it quotes vouchers in their own currency alone")
        for product in await self.products():
            if (product.product_id, product.currency) == (card.product_id, card.currency):
                if not product.has_face(card.face_minor):
                    raise RefusedError("the voucher does not come in that value")
                fee = -(-card.face_minor * product.fee_basis_points // 10_000)
                discount = card.face_minor * product.discount_basis_points // 10_000
                return Quote(
                    card,
                    card.face_minor + fee - discount,
                    card.currency,
                    "xoxoday getVouchers",
                    now,
                    None,
                    fee_minor=fee,
                    discount_minor=discount,
                )
        raise RefusedError("it has no such voucher in that currency")

    async def order(self, wanted: Wanted) -> Answer:
        """Order one voucher; nothing is sent to anybody by Xoxoday."""
        card = wanted.card
        content = {
            "productId": int(card.product_id) if card.product_id.isdigit() else card.product_id,
            "quantity": 1,
            "denomination": written(card.face_minor, card.currency),
            "email": self._email,
            "contact": "",
            "tag": "",
            "poNumber": wanted.key,
            "notifyReceiverEmail": 0,
            "notifyAdminEmail": 0,
        }
        return _compared(_order(await self._tell("placeOrder", content)), wanted)

    async def query(self, wanted: Wanted, *, reference: str | None) -> Answer | None:
        """By the poNumber, which is known before the first answer."""
        data = await self._ask("getOrderDetails", {"poNumber": wanted.key, "sendMailToUser": 0}, may_lack=True)
        if data is None:
            return None
        try:
            found = _order(data)
        except UnknownOutcomeOfOrderError as error:
            raise LaterError(error.reason) from error
        return _compared(found, wanted)

    async def cancel(self, wanted: Wanted, *, reference: str) -> Answer:
        """Xoxoday cancels nothing that was ordered: the order is as it is."""
        found = await self.query(wanted, reference=reference)
        if found is None:
            raise LaterError("it does not know the order any more")
        return found

    def parse_webhook(self, webhook: Webhook, *, now: datetime) -> Hint | None:
        """It is signed by nobody: it says which order to ask about, and nothing of what it says is believed."""
        body = orjson.loads(webhook.body)
        data = body["data"]
        if "poNumber" not in data:
            return None
        return Hint(str(body["id"]), str(data.get("orderId") or "") or None, str(data["poNumber"]))

    async def _ask(self, name: str, data: Mapping[str, Any], *, may_lack: bool = False) -> Any:
        try:
            answer = await self._exchange("query", name, data)
        except (NoAnswerError, UnknownOutcomeOfOrderError) as error:
            raise LaterError(str(error)) from error
        if may_lack and answer.status in (400, 404):
            return None
        if not answer.is_good:
            raise LaterError(f"it answered {answer.status}", answer.retry_after_seconds)
        try:
            body = answer.read()["data"][name]
            if body["status"] != 1:
                if may_lack:
                    return None
                raise LaterError(_why(body))
            return body["data"]
        except (NoAnswerError, KeyError, TypeError) as error:
            raise LaterError("it answered what cannot be read") from error

    async def _tell(self, name: str, data: Mapping[str, Any]) -> Any:
        try:
            answer = await self._exchange("mutation", name, data)
        except NoAnswerError as error:
            raise UnknownOutcomeOfOrderError(str(error)) from error
        if answer.status >= 500 or 300 <= answer.status < 400:
            raise UnknownOutcomeOfOrderError(f"it answered {answer.status}")
        try:
            body = answer.read()
            if not answer.is_good:
                raise RefusedError(_why(body))
            found = body["data"][name]
            if found["status"] != 1:
                raise RefusedError(_why(found))
            return found["data"]
        except NoAnswerError as error:
            if not answer.is_good:
                raise RefusedError(f"it answered {answer.status}") from error
            raise UnknownOutcomeOfOrderError(str(error)) from error
        except (KeyError, TypeError) as error:
            raise UnknownOutcomeOfOrderError("it answered what cannot be read") from error

    async def _exchange(self, kind: str, name: str, data: Mapping[str, Any]) -> HttpAnswer:
        """Ask, with a token that is in force; one that was refused is renewed, and it is asked once more."""
        if self._now() >= self._tokens.expires_at - RENEWED_BEFORE:
            await self._renew()
        answer = await self._once(kind, name, data)
        if answer.status == _UNAUTHORISED:
            await self._renew()
            answer = await self._once(kind, name, data)
        check_account(answer)
        return answer

    async def _once(self, kind: str, name: str, data: Mapping[str, Any]) -> HttpAnswer:
        content = {"query": f"plumProAPI.{kind}.{name}", "tag": "plumProAPI", "variables": {"data": data}}
        headers = [("authorization", f"Bearer {self._tokens.access}")]
        try:
            return await self._caller.ask("POST", _API, headers=headers, content=content)
        except NotSentError as error:
            raise LaterError(str(error)) from error

    async def _renew(self) -> None:
        client_id, client_secret = self._client
        content = {
            "grant_type": "refresh_token",
            "refresh_token": self._tokens.refresh,
            "client_id": client_id,
            "client_secret": client_secret,
        }
        try:
            answer = await self._caller.ask("POST", _TOKEN, content=content)
            check_account(answer)
            if not answer.is_good:
                raise LaterError(f"it renews no token and answered {answer.status}", ACCOUNT_SECONDS)
            body = answer.read()
            ends = self._now() + timedelta(seconds=int(body["expires_in"]))
            tokens = Tokens(str(body["access_token"]), str(body["refresh_token"]), ends)
        except (NotSentError, NoAnswerError) as error:
            raise LaterError(f"it renews no token: {error}") from error
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise LaterError("it answered what is no token") from error
        # Kept before it is used: the one that was used up is worth nothing any more.
        await self._keep(tokens)
        self._tokens = tokens


def _why(body: Any) -> str:
    if isinstance(body, Mapping):
        for name in ("error", "message", "errorInfo"):
            if body.get(name):
                return said(body[name])
    return "it refused the order"


def _compared(found: Answer, wanted: Wanted) -> Answer:
    part = found.differs_from(wanted.card)
    if part is not None:
        raise OtherOrderError(part)
    return found


def _order(data: Any) -> Answer:
    try:
        vouchers = data.get("vouchers") or []
        voucher = vouchers[0] if vouchers else None
        standing = _STANDINGS.get(str(data["deliveryStatus"]).lower(), Standing.PENDING)
        if str(data.get("orderStatus", "")).lower() in ("failed", "cancelled", "canceled"):
            standing = _STANDINGS[str(data["orderStatus"]).lower()]
        if standing is Standing.DELIVERED and voucher is None:
            # Said to be delivered, and the code is not there yet: it is asked for again.
            standing = Standing.PENDING
        currency = None if voucher is None else str(voucher["currency"])
        return Answer(
            reference=str(data["orderId"]),
            standing=standing,
            goods=None if voucher is None else _goods(voucher),
            reason=said(data["deliveryStatus"]),
            product_id=None if voucher is None else str(voucher["productId"]),
            face_minor=None if voucher is None or currency is None else minor_of(voucher["amount"], currency),
            currency=currency,
            charge=_charge(data, voucher),
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise UnknownOutcomeOfOrderError("it answered what is no order") from error


def _charge(data: Mapping[str, Any], voucher: Mapping[str, Any] | None) -> Charge | None:
    """What the order cost.

    What it is before its discount, beyond the card's value, is a fee; of another currency nothing is.
    """
    try:
        currency = str(data["currencyCode"])
        before = minor_of(data["orderTotal"], currency)
        fee = 0
        if voucher is not None and voucher["currency"] == currency:
            fee = max(0, before - minor_of(voucher["amount"], currency))
        charge = Charge(
            currency,
            minor_of(data["amountCharged"], currency),
            fee_minor=fee,
            discount_minor=minor_of(data.get("orderDiscount") or 0, currency),
        )
    except (KeyError, TypeError, ValueError, ArithmeticError):
        # What cannot be read is not said, and holds back no goods.
        return None
    return charge if charge.is_possible else None


def _goods(voucher: Mapping[str, Any]) -> Goods | None:
    code = str(voucher.get("voucherCode") or "")
    if not code:
        return None
    try:
        ends = date.fromisoformat(str(voucher.get("validity") or ""))
    except ValueError:
        ends = None
    return Goods(code, str(voucher.get("pin") or "") or None, ends)


def _product(one: Mapping[str, Any]) -> Product:
    currency = str(one["currencyCode"])
    is_open = one["valueType"] == "open_value"
    faces = (
        [] if is_open else [_face(part, currency) for part in str(one["valueDenominations"]).split(",") if part]
    )
    low, high = (_face(one["minValue"], currency), _face(one["maxValue"], currency))
    return Product(
        product_id=str(one["productId"]),
        name=said(one["name"]),
        currency=currency,
        countries=[str(country["code"]) for country in one.get("countries", ())],
        faces=sorted(faces),
        min_minor=low if is_open else min(faces, default=0),
        max_minor=high if is_open else max(faces, default=0),
        fee_basis_points=basis_points(one.get("fee")),
        discount_basis_points=basis_points(one.get("discount")),
        delivery_days=int(one.get("tatInDays") or 0),
        validity=_plain(str(one.get("expiryAndValidity") or "")),
    )


def _face(value: Any, currency: str) -> int:
    try:
        return minor_of(Decimal(str(value).strip()), currency)
    except InvalidOperation as error:
        raise ValueError(f"{value!r} is no amount") from error


def _plain(html: str) -> str:
    """The text of a few words in HTML."""
    parts, is_tag = [], False
    for letter in html:
        if letter in "<>":
            is_tag = letter == "<"
        elif not is_tag:
            parts.append(letter)
    return said(" ".join("".join(parts).split()))
