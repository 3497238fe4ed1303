"""How each channel's ids of people are compared: what its software takes for one person is one here.

In every channel an id is compared in NFC, without what has no width and without blanks around it (`plain_id`).
Case counts, since two people's ids may differ by it alone, but where a channel is known not to mind.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from shared.contracts.texts import plain_id


class IdRule(NamedTuple):
    """What does not count in ids of a channel beside their spelling. An address is like `ada@example.org`."""

    case_of_addresses_counts: bool


_EXACT = IdRule(case_of_addresses_counts=True)
#: People are known by mail addresses, or by handles of a server: @ada@social.example.
_ADDRESSES = IdRule(case_of_addresses_counts=False)

ID_RULES: Final[Mapping[str, IdRule]] = {
    "forum": _EXACT,
    "social": _ADDRESSES,
    "chat": _EXACT,
    "code": _ADDRESSES,
    "support": _ADDRESSES,
    "in_person": _ADDRESSES,
    "survey": _ADDRESSES,
    "shop": _ADDRESSES,
    "import": _EXACT,
}


def compared_id(channel: str, person_id: str) -> str:
    """What somebody's id is compared by on a channel, however spelt; on one that is not known, case counts."""
    return compared_plain_id(channel, plain_id(person_id))


def compared_plain_id(channel: str, plain: str) -> str:
    """As `compared_id`, of what is a `plain_id` already, as ids of events are once they are admitted."""
    if "@" not in plain or ID_RULES.get(channel, _EXACT).case_of_addresses_counts or "@" not in plain[1:-1]:
        return plain
    return plain_id(plain.lower())
