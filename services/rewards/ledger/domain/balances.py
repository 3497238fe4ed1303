"""What a member has at a moment: by the books, and by the moments at which points mature and expire."""

from collections.abc import Mapping
from typing import NamedTuple

from services.rewards.ledger.domain.entries import POINT_KINDS, MemberKind


class Due(NamedTuple):
    """Points that no timer has booked yet: so many that wait have `matured`, and in lots so many are `over`.

    What is `over` may be among what has matured; it pays what is `lacking` in lots before it expires.
    """

    matured: int = 0
    over: int = 0
    lacking: int = 0


def point_balances(amounts: Mapping[str, int], due: Due = Due()) -> dict[MemberKind, int]:
    """A member's points of each kind, once what is due is booked; kinds that never had an entry are 0.

    What is lacking is paid by what is over, and only what is left of it expires.
    """
    points = {kind: amounts.get(kind, 0) for kind in POINT_KINDS}
    points["pending"] -= due.matured
    points["available"] += due.matured
    over = min(max(due.over - due.lacking, 0), max(points["available"], 0))
    points["available"] -= over
    points["expired"] += over
    return points
