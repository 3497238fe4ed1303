"""What one version of a programme has differently from another, piece by piece, for pages to say in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

Document = Mapping[str, Any]

#: Lists of pieces with an id: where each is in a document, and what one of its pieces is.
PIECES: Final = (
    (("rules",), "rule"),
    (("limits",), "limit"),
    (("recognition", "badges"), "badge"),
    (("recognition", "levels"), "level"),
    (("recognition", "streaks"), "streak"),
    (("recognition", "milestones"), "milestone"),
    (("recognition", "nudges", "of"), "nudge"),
    (("rewards", "catalogue"), "reward"),
    (("attributes",), "attribute"),
    (("manual", "reasons"), "reason"),
    (("guidelines", "categories"), "category"),
    (("scores",), "score"),
    (("goals",), "goal"),
    (("audiences",), "audience"),
    (("counters",), "counter"),
    (("campaigns",), "campaign"),
    (("surveys", "ask"), "survey"),
)
#: What is said first of a piece; all else follows in the order in which it is written.
FIRST: Final = ("points", "minor", "count", "daily_cap", "limits", "within", "at_least", "when", "on", "to")
MONEY: Final = "payout"
#: Fields in which pieces name others, and the section whose they are.
NAMED: Final = {
    "rule": "rules",
    "rules": "rules",
    "score": "scores",
    "goal": "goals",
    "campaign": "campaigns",
    "audience": "audiences",
    "audiences": "audiences",
}


class Detail(NamedTuple):
    """A field that is not as it was; None where it was not said, or is said no more."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """A piece of a programme that is new (`add`), gone (`del`) or other than it was (`mod`).

    `piece` is as it is now, or as it was where it is gone. `takes_two` says that it is money.
    """

    kind: str
    noun: str
    id: str
    title: str
    piece: Mapping[str, Any]
    details: Sequence[Detail] = ()

    @property
    def takes_two(self) -> bool:
        """Whether another person has to approve it, whoever publishes it."""
        return self.noun == MONEY


def changes(before: Document | None, after: Document) -> list[Change]:
    """What `after` has differently: what the programme is called, its pieces, then money."""
    old = before or {}
    return [
        *_of_programme(before, after),
        *_of_pieces(old, after),
        *_of_section(old, after, "manual", but="reasons"),
        *_of_section(old, after, "quality"),
        *_of_section(old, after, "surveys", but="ask"),
        *_of_guidelines(old, after),
        *_of_money(old, after),
    ]


def _of_programme(before: Document | None, after: Document) -> Iterator[Change]:
    if before is None:
        return
    details = list(_details(_plain(before), _plain(after)))
    if details:
        yield Change("mod", "programme", str(after["programme"]), str(after["title"]), after, details)


def _plain(document: Document) -> dict[str, Any]:
    return {name: document.get(name) or "" for name in ("title", "description")}


def _of_pieces(before: Document, after: Document) -> Iterator[Change]:
    for place, noun in PIECES:
        old, new = _named(before, place), _named(after, place)
        for piece_id, piece in new.items():
            title = str(piece.get("title", piece_id))
            if piece_id not in old:
                yield Change("add", noun, piece_id, title, piece)
            elif details := list(_details(old[piece_id], piece)):
                yield Change("mod", noun, piece_id, title, piece, details)
        for piece_id, piece in old.items():
            if piece_id not in new:
                yield Change("del", noun, piece_id, str(piece.get("title", piece_id)), piece)


def _named(document: Document, place: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The pieces of a list by their ids; what one names of others by their titles."""
    titles = _titles(document)
    return {piece["id"]: _called(piece, titles) for piece in _at(document, place) or ()}


def called(document: Document) -> Document:
    """The document with what its rules, campaigns, rewards and surveys name of other pieces by their titles."""
    titles, found = _titles(document), dict(document)
    for name in ("rules", "campaigns"):
        if document.get(name):
            found[name] = [_called(piece, titles) for piece in document[name]]
    rewards = document.get("rewards") or {}
    if rewards.get("catalogue"):
        found["rewards"] = {**rewards, "catalogue": [_called(piece, titles) for piece in rewards["catalogue"]]}
    surveys = document.get("surveys") or {}
    if surveys.get("ask"):
        found["surveys"] = {**surveys, "ask": [_called(piece, titles) for piece in surveys["ask"]]}
    return found


def _titles(document: Document) -> dict[str, dict[str, str]]:
    """Titles by ids, of the lists that others name, by the field that they name them in."""
    return {
        field: {one["id"]: one["title"] for one in document.get(section) or ()} for field, section in NAMED.items()
    }


def _called(piece: Mapping[str, Any], titles: Mapping[str, Mapping[str, str]]) -> Mapping[str, Any]:
    named: dict[str, Any] = {}
    for field, of_field in titles.items():
        said = piece.get(field)
        if isinstance(said, str):
            named[field] = of_field.get(said, said)
        elif isinstance(said, list):
            named[field] = [of_field.get(one, one) if isinstance(one, str) else one for one in said]
    return {**piece, **named}


def _of_section(before: Document, after: Document, name: str, *, but: str = "") -> Iterator[Change]:
    """What a section says that is no list of pieces: points by hand, and the quality of content."""
    old, new = ({**(one.get(name) or {}), but: None} for one in (before, after))
    details = list(_details(dict(_leaves("", old)), dict(_leaves("", new))))
    if details:
        yield Change("mod", name, name, "", new, details)


def _of_guidelines(before: Document, after: Document) -> Iterator[Change]:
    """Which version of the guidelines it is, where they are, and what follows beside what categories say."""
    old, new = ({**(one.get("guidelines") or {}), "categories": None} for one in (before, after))
    details = list(_details(dict(_leaves("", old)), dict(_leaves("", new))))
    if details:
        yield Change("mod", "guidelines", "guidelines", "", new, details)


def _of_money(before: Document, after: Document) -> Iterator[Change]:
    """Everything in `rewards` but the catalogue is money: scoring counts it so as well."""
    old, new = _money(before), _money(after)
    if old == new:
        return
    kind = "add" if not old else "del" if not new else "mod"
    yield Change(kind, MONEY, MONEY, "", new or old, list(_details(old, new)))


def _money(document: Document) -> dict[str, Any]:
    sections = {name: value for name, value in (document.get("rewards") or {}).items() if name != "catalogue"}
    payout = sections.pop(MONEY, None) or {}
    return dict(_leaves("", payout)) | dict(_leaves("", sections))


def _leaves(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(f"{place}.{name}" if place else name, inner)
    elif value is not None:
        yield place, value


def _details(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Detail]:
    names = sorted(
        dict.fromkeys([*after, *before]), key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST)
    )
    for name in names:
        old, new = before.get(name), after.get(name)
        # An empty text or list says what none says.
        if name != "id" and (old or None) != (new or None):
            yield Detail(name, old, new)


def _at(document: Document, place: Sequence[str]) -> Any:
    found: Any = document
    for name in place:
        found = (found or {}).get(name)
    return found
