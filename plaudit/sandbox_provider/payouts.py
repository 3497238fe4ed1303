"""Payouts of the sandbox provider, by their keys: what it pays, and what becomes of that."""

from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import uuid4

from plaudit.sandbox_provider.refusing import (
    KEPT_MAX_COUNT,
    FullError,
    OtherContentError,
    WrongStandingError,
)

#: What it takes beside each payout, in minor units of its currency.
FEE_MINOR: Final = 25
_FOLLOWING: Final = {
    "pending": ("paid", "unclaimed", "failed", "cancelled"),
    "unclaimed": ("paid", "returned", "cancelled"),
    # What was paid may come back.
    "paid": ("returned",),
}


@dataclass(frozen=True, slots=True)
class Paid:
    """A payout, and all standings that it had."""

    order_id: str
    key: str
    amount_minor: int
    currency: str
    receiver: str
    standing: str
    reason: str = ""
    history: tuple[str, ...] = ()

    @property
    def shown(self) -> dict[str, Any]:
        """It as it is answered."""
        return {
            "payout_id": self.order_id,
            "key": self.key,
            "amount_minor": self.amount_minor,
            "currency": self.currency,
            "fee_minor": FEE_MINOR,
            "standing": self.standing,
            "reason": self.reason,
        }

    def hook(self, standing: str) -> dict[str, Any]:
        """What a webhook says of it."""
        data = {"payout_id": self.order_id, "key": self.key, "standing": standing}
        return {"type": f"payout.{standing}", "data": data}


class Till:
    """The payouts of one sandbox, in memory; they end with it."""

    def __init__(self) -> None:
        self._by_key: dict[str, Paid] = {}
        self._by_id: dict[str, str] = {}
        #: How often each key was asked for; what shows that one asked for again was not paid twice.
        self.asked: dict[str, int] = {}

    @property
    def payouts(self) -> list[Paid]:
        """All payouts, the newest last."""
        return list(self._by_key.values())

    def pay(self, wanted: Paid) -> tuple[Paid, bool]:
        """The payout under a key, and whether it is new. Raises OtherContentError and FullError."""
        self.asked[wanted.key] = self.asked.get(wanted.key, 0) + 1
        known = self._by_key.get(wanted.key)
        if known is not None:
            content = (known.amount_minor, known.currency, known.receiver)
            if content != (wanted.amount_minor, wanted.currency, wanted.receiver):
                raise OtherContentError
            return known, False
        if len(self._by_key) >= KEPT_MAX_COUNT:
            raise FullError
        self._put(wanted)
        return wanted, True

    def put_other(self, wanted: Paid) -> None:
        """Have another payout under a key than will be asked for."""
        self._put(replace(wanted, order_id=str(uuid4()), amount_minor=wanted.amount_minor + 1))

    def find(self, payout_id: str) -> Paid | None:
        """A payout by its id."""
        key = self._by_id.get(payout_id)
        return None if key is None else self._by_key[key]

    def find_by_key(self, key: str) -> Paid | None:
        """A payout by the key of whoever asked for it."""
        return self._by_key.get(key)

    def change(self, paid: Paid, standing: str, reason: str = "") -> Paid:
        """Have a payout stand otherwise. Raises WrongStandingError."""
        if standing not in _FOLLOWING.get(paid.standing, ()):
            raise WrongStandingError(f"it is {paid.standing}")
        changed = replace(paid, standing=standing, reason=reason, history=(*paid.history, standing))
        self._put(changed)
        return changed

    def _put(self, paid: Paid) -> None:
        self._by_key[paid.key] = paid
        self._by_id[paid.order_id] = paid.key
