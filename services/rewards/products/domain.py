"""A provider's products as they were accepted and as they were found, and how the two differ."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

from pydantic import Field

from services.rewards.providers.domain.contract import Product, ProviderName
from shared.contracts.fields import MINOR_UNITS_MAX, NO_CONTROL
from shared.currencies import decimal_amount

ID_MAX_CHARS: Final = 100
WORDS_MAX_CHARS: Final = 200
#: Values that one product comes in, and countries that it is for.
LIST_MAX_COUNT: Final = 500
_CODE: Final = re.compile("[A-Z]{3}")
_BASIS_POINTS_MAX: Final = 1_000_000


class ProductKey(NamedTuple):
    """Which product of a provider: one that comes in several currencies is several."""

    product_id: Annotated[str, Field(max_length=ID_MAX_CHARS, pattern=NO_CONTROL)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class UnusableProductsError(Exception):
    """What a provider says it has is no list of products; the message says why. Nothing of it counts."""


class UnknownProductError(Exception):
    """The provider's account has no product of that id and currency, or nothing to accept of it."""

    def __init__(self, key: ProductKey) -> None:
        super().__init__(f"nothing differs of {key.product_id!r} in {key.currency}")
        self.key = key


class ProductsMovedError(Exception):
    """What the provider has was found to be other since: `revision` is the one there is."""

    def __init__(self, revision: int) -> None:
        super().__init__(f"the products are at revision {revision}")
        self.revision = revision


class Difference(StrEnum):
    """How a product differs from what was accepted."""

    NONE = "none"
    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"


class Part(StrEnum):
    """What of a product may change."""

    NAME = "name"
    VALUES = "values"
    LEAST = "least"
    MOST = "most"
    FEE = "fee"
    DISCOUNT = "discount"
    DELIVERY = "delivery_days"
    VALIDITY = "validity"
    COUNTRIES = "countries"


class Change(NamedTuple):
    """A part of a product that changed, before and after in plain words; '' for nothing said."""

    part: Part
    before: str
    after: str


def _percent(basis_points: int) -> str:
    return f"{basis_points / 100:g} %"


_SAID: Final[Mapping[Part, Callable[[Product], str]]] = {
    Part.NAME: lambda one: one.name,
    Part.VALUES: lambda one: ", ".join(str(decimal_amount(face, one.currency)) for face in one.faces),
    Part.LEAST: lambda one: str(decimal_amount(one.min_minor, one.currency)),
    Part.MOST: lambda one: str(decimal_amount(one.max_minor, one.currency)),
    Part.FEE: lambda one: _percent(one.fee_basis_points),
    Part.DISCOUNT: lambda one: _percent(one.discount_basis_points),
    Part.DELIVERY: lambda one: str(one.delivery_days),
    Part.VALIDITY: lambda one: one.validity,
    Part.COUNTRIES: lambda one: ", ".join(one.countries),
}


@dataclass(frozen=True, slots=True)
class KnownProduct:
    """A product as it was accepted (None: not yet) and as it was found last (None: gone).

    `rewards` are those of the catalogue that are it and not withdrawn, `lacking` those of them that could not be
    ordered as it was found, because it is gone or does not come in their value.
    """

    key: ProductKey
    accepted: Product | None
    found: Product | None
    rewards: Sequence[str] = ()
    lacking: Sequence[str] = ()

    @property
    def difference(self) -> Difference:
        """How what was found differs from what was accepted."""
        if self.accepted == self.found:
            return Difference.NONE
        if self.accepted is None:
            return Difference.NEW
        return Difference.GONE if self.found is None else Difference.CHANGED

    @property
    def changes(self) -> list[Change]:
        """What changed of it, part by part; nothing of one that is new or gone."""
        before, after = self.accepted, self.found
        if before is None or after is None:
            return []
        said = [Change(part, words(before), words(after)) for part, words in _SAID.items()]
        return [change for change in said if change.before != change.after]


@dataclass(frozen=True, slots=True)
class Refresh:
    """When a provider is asked for what it has, and what came of it last."""

    community: str
    provider: ProviderName
    revision: int
    asked_at: datetime
    due_at: datetime
    answered_at: datetime | None = None
    failed_at: datetime | None = None
    reason: str | None = None


class Accepted(NamedTuple):
    """What somebody accepted: how many differences, and the rewards that were withdrawn because of it."""

    accepted_count: int
    withdrawn: Sequence[str]


def checked(products: Iterable[Product], *, max_count: int) -> dict[ProductKey, Product]:
    """Products as they are kept, by their keys; of two with one key the first.

    Raises UnusableProductsError where one is none, or there are more than `max_count`: a list of which a part
    was left out would say of the rest that it is gone.
    """
    found: dict[ProductKey, Product] = {}
    for product in products:
        if not _is_right(product):
            raise UnusableProductsError("it answered a product that cannot be read")
        kept = product._replace(faces=sorted(set(product.faces)), countries=sorted(set(product.countries)))
        found.setdefault(ProductKey(product.product_id, product.currency), kept)
        if len(found) > max_count:
            raise UnusableProductsError(f"it has more than {max_count} products")
    return found


def _is_right(product: Product) -> bool:
    amounts = (product.min_minor, product.max_minor, *product.faces)
    shares = (product.fee_basis_points, product.discount_basis_points)
    return (
        _is_text(product.product_id, ID_MAX_CHARS)
        and bool(product.product_id)
        and _is_text(product.name, WORDS_MAX_CHARS)
        and _is_text(product.validity, WORDS_MAX_CHARS)
        and _is_code(product.currency)
        and max(len(product.faces), len(product.countries)) <= LIST_MAX_COUNT
        and all(_is_text(country, WORDS_MAX_CHARS) for country in product.countries)
        and all(_is_number(amount, MINOR_UNITS_MAX) for amount in amounts)
        and all(_is_number(share, _BASIS_POINTS_MAX) for share in shares)
        and _is_number(product.delivery_days, MINOR_UNITS_MAX)
    )


def _is_text(value: object, max_chars: int) -> bool:
    return isinstance(value, str) and len(value) <= max_chars and value.isprintable()


def _is_code(value: object) -> bool:
    return isinstance(value, str) and _CODE.fullmatch(value) is not None


def _is_number(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most
