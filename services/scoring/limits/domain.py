"""Daily caps: what one member may get from one rule in a day."""

from datetime import date
from typing import NamedTuple


class CapKey(NamedTuple):
    """What a daily cap is counted by; `day` is the UTC day of event time."""

    community: str
    member_id: str
    rule_id: str
    day: date
