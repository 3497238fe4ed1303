"""What of a programme is money: who pays, what points are worth, budgets. It changes only by two people."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.scoring.programmes.domain.publication import Document, VersionStart
from services.scoring.rules.domain.compiling import version_at

#: What of the section `rewards` is none: prices in points, and draws. All else is, so that no field to come is
#: forgotten.
NO_MONEY = frozenset({"catalogue", "draws"})
#: What of a campaign is money.
CAMPAIGN_MONEY = ("budget", "wallet")


class MoneyChange(NamedTuple):
    """A money field that two versions have differently, by its place in the document; None where one has none."""

    field: str
    before: Any
    after: Any


def money_changes(before: Document | None, after: Document) -> list[MoneyChange]:
    """The money fields that differ between two documents, in the order of their places."""
    old, new = dict(_money(before or {})), dict(_money(after))
    return [
        MoneyChange(field, old.get(field), new.get(field))
        for field in sorted(old.keys() | new.keys())
        if old.get(field) != new.get(field)
    ]


def displaced(starts: Sequence[VersionStart], *, effective_from: datetime) -> list[int | None]:
    """The numbers of the versions in whose place one comes that takes effect then: in force then, and later.

    `starts` are those of the published versions, oldest first. None: until then there is none.
    """
    in_force = version_at(starts, effective_from)
    later = [
        start.number
        for start in starts
        if start.effective_from > effective_from and version_at(starts, start.effective_from) == start
    ]
    return [in_force.number if in_force else None, *later]


def changes_against(displaced_documents: Iterable[Document | None], document: Document) -> list[MoneyChange]:
    """The money fields that a document changes against the first of those that it displaces and differs from."""
    for before in displaced_documents:
        changes = money_changes(before, document)
        if changes:
            return changes
    return []


def pays(documents: Iterable[Document | None]) -> bool:
    """Whether points become money by any of these documents: then what gives points is money, too."""
    return any(bool((document or {}).get("rewards", {}).get("payout")) for document in documents)


def _money(document: Document) -> Iterator[tuple[str, Any]]:
    for name, value in (document.get("rewards") or {}).items():
        if name not in NO_MONEY:
            yield from _leaves(f"rewards.{name}", value)
    prizes = (document.get("recognition") or {}).get("prize_points") or {}
    yield from _leaves("recognition.prize_points.budget", prizes.get("budget"))
    for campaign in document.get("campaigns") or ():
        for name in CAMPAIGN_MONEY:
            yield from _leaves(f"campaigns.{campaign['id']}.{name}", campaign.get(name))


def _leaves(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(f"{place}.{name}", inner)
    elif value not in (None, []):  # nothing said, before there was anything to say
        yield place, value
