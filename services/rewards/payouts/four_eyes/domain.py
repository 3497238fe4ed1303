"""Hands in a run: whoever has one, by whatever key or token and in whatever order, does not approve it."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple


class Deed(StrEnum):
    """What somebody did for money of a run to be paid; the words follow on "you"."""

    MADE = "made the run"
    SET_PAYEE = "set or changed bank details of it"
    RELEASED = "released a payout of it from being held"
    ATTESTED = "attested what is on file of a payee of it"
    GAVE_BACK = "noted an outcome that made points of it payable again"


class Hand(NamedTuple):
    """A person's hand in a run: `payouts` of it, of which one is `payout_id`; None for the run itself.

    Without a person nobody is known whose `credential` it was.
    """

    person_id: str | None
    credential: str
    deed: Deed
    payouts: int = 0
    payout_id: str | None = None


class FourEyesError(Exception):
    """Whoever has a hand in it may not say yes to it as well; the message says which."""


def reasons_against(
    hands: Iterable[Hand], person_id: str | None, *, own_payout_id: str | None = None
) -> list[str]:
    """Why a person may not approve the run with these hands in it; a hand of nobody known could be theirs.

    `own_payout_id` is a payout of it to the member who they are.
    """
    said = [_said(hand) for hand in hands if hand.person_id is None or hand.person_id == person_id]
    return said if own_payout_id is None else [*said, f"you are paid by it (payout {own_payout_id})"]


def check_four_eyes(hands: Sequence[Hand], person_id: str | None) -> None:
    """Check that a person has no hand in a run. Raises FourEyesError when they have, or could have, one."""
    reasons = reasons_against(hands, person_id)
    if reasons:
        raise FourEyesError(f"{'; '.join(reasons)}: somebody else must approve it")


def _said(hand: Hand) -> str:
    if hand.person_id is None:
        said = f"somebody {hand.deed} by {hand.credential}, of whom nobody knows who that is"
    else:
        said = f"you {hand.deed}"
    if hand.payout_id is None:
        return said
    more = f" and {hand.payouts - 1} more" if hand.payouts > 1 else ""
    return f"{said} (payout {hand.payout_id}{more})"
