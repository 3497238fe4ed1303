"""What orders at providers, their troubles and outcomes are called."""

from collections.abc import Mapping
from typing import Any, Final


def _(text: str) -> str:
    """Marks what catalogues translate; it is translated where it is shown."""
    return text


#: Of gift cards, and of payouts.
PROVIDERS: Final = {"sandbox": "Sandbox", "xoxoday": "Xoxoday Plum", "tremendous": "Tremendous"}
PAYING: Final = {"sandbox": "Sandbox", "paypal": "PayPal", "wise": "Wise", "stripe": "Stripe"}
STATE_WORDS: Final = {
    "waits": _("to be ordered"),
    "unknown": _("nobody knows"),
    "pending": _("on its way"),
    "delivered": _("delivered"),
    "failed": _("not delivered"),
    "cancelled": _("cancelled"),
    "reversed": _("taken back"),
    "over": _("over"),
}
TONES: Final = {"unknown": "warn", "delivered": "good", "failed": "bad", "reversed": "bad", "pending": "accent"}
ICONS: Final = {"unknown": "alert", "delivered": "check", "failed": "x", "cancelled": "x", "reversed": "undo"}
TROUBLE_WORDS: Final = {
    "other_order": _("The provider has another order under its number: look there what became of it"),
    "known_code": _("The provider gave a code that somebody has already: ask it for another"),
    "reversed": _("The provider took back what it had delivered: see to it that its member has something else"),
    "delivered_after_all": _("The provider delivered what was given up here, and the points are back"),
    "refund_unsaid": _("The provider took the card back and does not say what it refunds: find out and say it"),
}
OUTCOME_WORDS: Final = {"delivered": _("It was delivered"), "not_ordered": _("It was not ordered")}
DIFFERENCE_WORDS: Final = {
    "none": _("as accepted"),
    "new": _("new card"),
    "gone": _("gone"),
    "changed": _("other than before"),
}
DIFFERENCE_TONES: Final = {"new": "accent", "gone": "bad", "changed": "warn"}
DIFFERENCE_ICONS: Final = {"none": "check", "new": "gift", "gone": "x", "changed": "alert"}
PART_WORDS: Final = {
    "name": _("Name"),
    "values": _("Values"),
    "least": _("Least value"),
    "most": _("Highest value"),
    "fee": _("Fee"),
    "discount": _("Discount"),
    "delivery_days": _("Days of delivery"),
    "validity": _("Validity"),
    "countries": _("Countries"),
}
FIELD_WORDS: Final = {
    "api_key": _("API key"),
    "funding_source_id": _("Funding source"),
    "client_id": _("Client id"),
    "client_secret": _("Client secret"),
    "refresh_token": _("Refresh token"),
    "email": _("E-mail address of the account, no member's"),
    "webhook_id": _("Id of the webhook that points here"),
    "profile_id": _("Profile whose balance pays"),
    "webhook_public_key": _("Public key of its webhooks, in PEM"),
    "own_address": _("By what members would name this account itself"),
}


def state_of(order: Mapping[str, Any]) -> str:
    """In which state an order is, in one word."""
    if order["unknown_since"] is not None:
        return "unknown"
    if order["standing"] is not None:
        return str(order["standing"])
    return "waits" if order["next_at"] is not None else "over"
