"""By which slice of a community pages show their figures, as the URL says, and the slices there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.frame.visits import Visit

#: By what slices are offered: audiences, channels, and the attribute that is declared by default.
KINDS = ("audience", "country", "channel")
#: Slices of each that are offered.
OFFERED_COUNT = 50


@dataclass(frozen=True)
class AskedSlice:
    """The slice that the URL asks for (`slice=audience:helpers`); of everybody where it asks for none."""

    key: str = ""
    kind: str | None = None
    value: str | None = None

    @property
    def query(self) -> dict[str, Any]:
        """What is asked of the API."""
        return {"slice_by": self.kind, "slice": self.value}


def asked_slice(visit: Visit) -> AskedSlice:
    """The slice that the URL asks for."""
    key = visit.request.query_params.get("slice", "")
    kind, colon, value = key.partition(":")
    return AskedSlice(key, kind, value) if colon else AskedSlice()


async def offered_slices(visit: Visit, *, period: str, day: str | None = None) -> Mapping[str, Sequence[Any]]:
    """The slices of each kind that there are, with what was done in each in the period."""
    ask = visit.ask
    answers = await ask.all(
        **{
            kind: ask.get("analytics", "/v1/slices", by=kind, period=period, day=day, limit=OFFERED_COUNT)
            for kind in KINDS
        }
    )
    return {kind: answers[kind].items for kind in KINDS if answers[kind].ok and answers[kind].items}
