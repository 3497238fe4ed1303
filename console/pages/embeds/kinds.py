"""The kinds of embeds: what each shows, where that is asked, and what of the answer is for everybody.

Another kind is another line of KINDS and a template beside the others.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.contracts.fields import SLUG_PATTERN

THEMES: Final = ("light", "dark")
PERIODS: Final = ("week", "month", "all")
COUNT_DEFAULT: Final = 10
COUNT_MAX: Final = 25
_MEMBER_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SLUG = re.compile(SLUG_PATTERN)
_COUNT = re.compile(r"[1-9][0-9]?")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


class WrongOptionError(Exception):
    """An embed was asked for with an option that it has not, or with a value that the option does not take."""


@dataclass(frozen=True)
class Options:
    """How an embed was asked for; None for the language and theme of whoever looks."""

    language: str | None = None
    theme: str | None = None
    count: int = COUNT_DEFAULT
    period: str = PERIODS[1]

    @classmethod
    def of(cls, said: Mapping[str, str], *, taken: tuple[str, ...], languages: tuple[str, ...]) -> "Options":
        """The options of an address's query. Raises WrongOptionError, whose message says what would be right."""
        choices = {"language": languages, "theme": THEMES, "period": PERIODS}
        for name, value in said.items():
            if name not in taken:
                raise WrongOptionError(f"There is no option {name[:40]!r} here: {', '.join(taken)}")
            if name in choices and value not in choices[name]:
                raise WrongOptionError(f"{name} is one of {', '.join(choices[name])}")
            if name == "count" and not (_COUNT.fullmatch(value) and int(value) <= COUNT_MAX):
                raise WrongOptionError(f"count is a number from 1 to {COUNT_MAX}")
        values: dict[str, Any] = dict(said)
        if "count" in values:
            values["count"] = int(values["count"])
        return cls(**values)


@dataclass(frozen=True)
class Embed:
    """A kind of embed. `path` is below a community's embeds; what stands in braces is of whom or of what it is."""

    name: str
    path: str
    title: str
    #: The template beside this file.
    template: str
    #: What the community must show to everybody.
    shows: str
    #: Where the service is asked: a path with what the address names, and the question's parameters.
    asked: str
    params: Callable[[Options], Mapping[str, Any]]
    #: What of an answer is shown: all that the page and the JSON have.
    said: Callable[[Mapping[str, Any]], dict[str, Any]]
    #: What the address may name.
    is_named_by: re.Pattern[str] | None
    options: tuple[str, ...]
    #: In which a frame of ten lines has room.
    height: int
    #: Which service is asked.
    service: str = "recognition"

    def takes(self, named: str | None) -> bool:
        """Whether there may be one of that name."""
        return self.is_named_by is None or (named is not None and bool(self.is_named_by.fullmatch(named)))


def _places(items: Any) -> list[dict[str, Any]]:
    return [{"rank": one["rank"], "name": one["name"], "points": one["points"]} for one in items]


def _leaderboard(answer: Mapping[str, Any]) -> dict[str, Any]:
    days = {name: answer[name] for name in ("period", "starts_on", "ends_on")}
    return {**days, "items": _places(answer["items"])}


def _board(answer: Mapping[str, Any]) -> dict[str, Any]:
    board = answer["board"]
    days = {name: board[name] for name in ("id", "title", "description", "starts_on", "ends_on")}
    return {"board": days, "items": _places(answer["items"])}


def _celebrations(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "items": [
            {
                "title": one["title"],
                "kind": one["kind"],
                "is_of_all": one["together"],
                "name": one["member_name"],
                "celebrated_at": one["celebrated_at"],
                "reactions": one["reactions"],
            }
            for one in answer["items"]
        ]
    }


def _kudos(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "items": [
            {
                "giver": one["giver"]["name"],
                "receiver": one["receiver"]["name"],
                "value": one["value_title"],
                "message": one["message"],
                "given_at": one["given_at"],
            }
            for one in answer["items"]
        ]
    }


def _card(answer: Mapping[str, Any]) -> dict[str, Any]:
    names = ("name", "points", "level", "next_level", "badges", "badges_count")
    return {name: answer[name] for name in names}


_LIST = ("language", "theme", "count")
KINDS: Final = (
    Embed(
        "leaderboard",
        "leaderboard",
        _("Leaderboard"),
        "leaderboard.html",
        "boards",
        "/v1/leaderboard",
        lambda options: {"period": options.period, "limit": options.count},
        _leaderboard,
        None,
        (*_LIST, "period"),
        height=520,
    ),
    Embed(
        "board",
        "boards/{named}",
        _("A board of the programme"),
        "leaderboard.html",
        "boards",
        "/v1/boards/{named}",
        lambda options: {"limit": options.count},
        _board,
        _SLUG,
        _LIST,
        height=520,
    ),
    Embed(
        "celebrations",
        "celebrations",
        _("Celebrations"),
        "celebrations.html",
        "celebrations",
        "/v1/celebrations",
        lambda options: {"limit": options.count},
        _celebrations,
        None,
        _LIST,
        height=640,
    ),
    Embed(
        "kudos",
        "kudos",
        _("Kudos"),
        "kudos.html",
        "kudos",
        "/v1/kudos",
        lambda options: {"limit": options.count},
        _kudos,
        None,
        _LIST,
        height=900,
        service="ingest",
    ),
    Embed(
        "card",
        "cards/{named}",
        _("Card of a member"),
        "card.html",
        "cards",
        "/v1/members/{named}/card",
        lambda options: {},
        _card,
        _MEMBER_ID,
        ("language", "theme"),
        height=260,
    ),
)
BY_NAME: Final = {kind.name: kind for kind in KINDS}
