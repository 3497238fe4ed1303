"""How a payout is named among all communities."""

from typing import NamedTuple


class PayoutKey(NamedTuple):
    """A payout's community and its id."""

    community: str
    payout_id: str
