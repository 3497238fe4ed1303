"""Rewards at the price of their quote, where it follows a rate."""

from collections.abc import Mapping, Sequence
from typing import Any

from console.asking import Answer


def at_quotes(items: Sequence[Mapping[str, Any]], quotes: Answer) -> list[Mapping[str, Any]]:
    """The rewards of a catalogue, each with its `quote`, at whose price it is had; None where it has none."""
    known = {one["reward_id"]: one for one in quotes.items} if quotes.ok else {}
    return [
        {**one, "quote": quote, "points": quote["points"] if quote else one["points"]}
        for one in items
        for quote in [known.get(one["id"])]
    ]
