"""Tables as links say them: how they are sorted, what they are filtered by, and which page is shown.

Everything is in the URL, so that a table can be sent to somebody, kept as a view, and used without script.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

PAGE_COUNT = 50
VALUE_MAX_CHARS = 300
#: Parameters that say where in a list one is: they end with every change of what the list is.
PLACES = ("page", "after")
SORT = "sort"


@dataclass(frozen=True)
class Filter:
    """What a table can be narrowed by: one of some choices (value and text), or a text where there are none.

    Where none is chosen, `usual` is; without it, all rows are shown.
    """

    name: str
    title: str
    choices: Sequence[tuple[str, str]] = ()
    usual: str = ""
    #: Chosen in a form of its own, which keeps what is typed out of addresses.
    is_apart: bool = False


@dataclass(frozen=True)
class Shown:
    """The rows of one page, and where they stand among all of them (from 1; 0 for none)."""

    rows: Sequence[Any]
    first: int
    last: int
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class Listing:
    """A table's state, as the URL of its page has it; whatever the page does not know is left out."""

    path: str
    said: Mapping[str, str]
    sorts: Sequence[str]
    usual_sort: str
    filters: Sequence[Filter]
    kept: Sequence[str]

    @classmethod
    def of(
        cls,
        path: str,
        params: Mapping[str, str],
        *,
        sorts: Sequence[str] = (),
        usual_sort: str = "",
        filters: Sequence[Filter] = (),
        kept: Sequence[str] = (),
    ) -> "Listing":
        """What the parameters say of this table. `kept` are others of its page, such as the days."""
        known = {SORT, *PLACES, *kept, *(one.name for one in filters)}
        said = {
            name: value for name, value in params.items() if name in known and 0 < len(value) <= VALUE_MAX_CHARS
        }
        for one in filters:
            allowed = {value for value, _ in one.choices} - {one.usual}
            if one.choices and said.get(one.name) not in allowed:
                said.pop(one.name, None)
        if said.get(SORT, "").removeprefix("-") not in sorts or said.get(SORT) == usual_sort:
            said.pop(SORT, None)
        return cls(path, said, sorts, usual_sort, filters, kept)

    @property
    def sort(self) -> tuple[str, bool]:
        """What it is sorted by, and whether from the highest down."""
        said = self.said.get(SORT, self.usual_sort)
        return said.removeprefix("-"), said.startswith("-")

    @property
    def chosen(self) -> dict[str, str]:
        """The filters that are set, with their values."""
        return {one.name: self.said[one.name] for one in self.filters if one.name in self.said}

    @property
    def query(self) -> str:
        """What a saved view keeps: everything but the place in the list, in one order."""
        return urlencode(sorted((name, value) for name, value in self.said.items() if name not in PLACES))

    @property
    def hidden(self) -> dict[str, str]:
        """What a form of filters carries on."""
        return {name: value for name, value in self.said.items() if name in (SORT, *self.kept, *self._apart)}

    @property
    def _apart(self) -> list[str]:
        return [one.name for one in self.filters if one.is_apart]

    def said_by(self, name: str) -> list[str]:
        """A filter's title and the text of its choice, or nothing where it is not set."""
        one = next(one for one in self.filters if one.name == name)
        value = self.said[name]
        return [one.title, dict(one.choices).get(value, value)]

    def href(self, **changes: str | int | None) -> str:
        """The page with these parameters changed (None: without); it begins at the first rows again."""
        said = {name: value for name, value in self.said.items() if name not in PLACES}
        for name, value in changes.items():
            if value is None:
                said.pop(name, None)
            else:
                said[name] = str(value)
        return self.path + (f"?{urlencode(sorted(said.items()))}" if said else "")

    def sorted_href(self, key: str) -> str:
        """The page sorted by a column; by the same once more, the other way round."""
        now, is_down = self.sort
        said = key if now == key and is_down else f"-{key}"
        return self.href(sort=None if said == self.usual_sort else said)

    @property
    def cleared_href(self) -> str:
        """The page without filters."""
        return self.href(**dict.fromkeys(self.chosen))

    def count_of(
        self, query: str, rows: Sequence[Mapping[str, Any]], text: Callable[[Mapping[str, Any]], str]
    ) -> int:
        """How many of rows that are all here a view of this table shows, by its query."""
        said = dict(parse_qsl(query))
        view = Listing.of(
            self.path,
            said,
            sorts=self.sorts,
            usual_sort=self.usual_sort,
            filters=self.filters,
            kept=self.kept,
        )
        return view.arranged(rows, text=text).total

    def arranged(
        self,
        rows: Sequence[Mapping[str, Any]],
        *,
        text: Callable[[Mapping[str, Any]], str] = lambda row: "",
        count: int = PAGE_COUNT,
    ) -> Shown:
        """A page of rows that are all here: filtered, sorted, cut.

        A filter with choices compares the field of its name; one without looks for its words in `text`.
        """
        for one in self.filters:
            wanted = self.chosen.get(one.name)
            if wanted is None:
                continue
            if one.choices:
                rows = [row for row in rows if str(row[one.name]) == wanted]
            else:
                rows = [row for row in rows if wanted.casefold() in text(row).casefold()]
        key, is_down = self.sort
        if key:
            rows = sorted(rows, key=lambda row: _comparable(row[key]), reverse=is_down)
        pages = max(1, math.ceil(len(rows) / count))
        said = self.said.get("page", "1")
        page = min(pages, max(1, int(said) if said.isdecimal() and len(said) < len(str(10**9)) else 1))
        cut = rows[(page - 1) * count : page * count]
        first = (page - 1) * count + 1 if cut else 0
        return Shown(cut, first, first + len(cut) - 1 if cut else 0, len(rows), page, pages)


def _comparable(value: Any) -> tuple[bool, Any]:
    """Values of a column in an order, those that are missing first."""
    return (value is not None, value.casefold() if isinstance(value, str) else value)
