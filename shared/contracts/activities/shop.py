"""Activities in shops."""

from typing import Final, Literal

from shared.contracts.activities.common import ActivityData, ActivityType, Envelope, activity_example
from shared.contracts.fields import Currency, MinorUnits


class PurchaseData(ActivityData):
    amount_minor: MinorUnits
    currency: Currency


class Purchase(Envelope):
    """A member bought something; the amount is in the currency's minor unit."""

    type: Literal["shop.purchase.v1"]
    data: PurchaseData


PURCHASE: Final = ActivityType(
    "shop.purchase.v1",
    envelope=Purchase,
    examples=[
        activity_example(
            "shop.purchase.v1",
            "https://shop.example.org",
            "order-2201",
            "2026-01-31T19:30:00Z",
            "shop",
            {"id": "customer-77"},
            amount_minor=4950,
            currency="EUR",
        )
    ],
)

TYPES: Final = (PURCHASE,)
