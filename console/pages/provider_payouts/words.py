"""What states and troubles of payouts at providers are called."""

from collections.abc import Mapping
from typing import Any, Final


def _(text: str) -> str:
    """Marks what catalogues translate; it is translated where it is shown."""
    return text


STATE_WORDS: Final = {
    "waits": _("to be handed over"),
    "unknown": _("nobody knows"),
    "sent": _("on its way"),
    "paid": _("paid"),
    "returned": _("came back"),
    "failed": _("not paid"),
    "over": _("over"),
}
TONES: Final = {"unknown": "warn", "paid": "good", "failed": "bad", "returned": "bad", "sent": "accent"}
ICONS: Final = {"unknown": "alert", "paid": "check", "failed": "x", "returned": "undo", "sent": "out"}
TROUBLE_WORDS: Final = {
    "other_order": _("The provider has another payment under its number: look there what became of it"),
    "paid_after_all": _("The provider paid what failed here and is owed again: note that it was corrected"),
    "returned_after_all": _("The provider says that it came back, and two people here said that it had left"),
    "refused_after_unknown": _("The provider refuses it, after nobody knew whether it had paid: look there"),
    "key_over": _(
        "Nobody knows whether it was paid, and asking once more might pay it twice: look at the provider"
    ),
    "no_receiver": _("Whom it goes to is not known any more: look at the provider whether it was paid"),
}


def state_of(one: Mapping[str, Any]) -> str:
    """In which state a payout at a provider is, in one word."""
    if one["unknown_since"] is not None:
        return "unknown"
    if one["standing"] is not None:
        return str(one["standing"])
    return "waits" if one["next_at"] is not None else "over"
