"""Facts of the past: they count like all others, and nobody is told of them."""

from collections.abc import Mapping
from typing import Any, Final

#: The CloudEvents attribute of what was sent as backfill, and of the facts that follow from it.
BACKFILL: Final = "backfill"


def is_backfill(fact: Mapping[str, Any]) -> bool:
    """Whether a fact is of the past, by what sent it or by what it follows from.

    Whoever tells people of facts (messages, webhooks, celebrations) leaves those out; totals, awards, badges and
    figures have them like any other.
    """
    return bool(fact.get(BACKFILL, False))
