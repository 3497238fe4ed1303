"""`plaudit embed snippet` prints what can be pasted, and says what it does not take."""

import json
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner

from plaudit.embed import embed

WHERE = ("--console", "https://console.example.org/", "--community", "acme")


def said(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(embed, ["snippet", *WHERE, *args])
    return result.exit_code, result.output


class Frames(HTMLParser):
    """The attributes of the frames in a text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag == "iframe"
        self.found.append(dict(attrs))


def test_what_is_pasted_is_one_frame_with_the_options() -> None:
    code, html = said("leaderboard", "--period", "week", "--count", "5", "--theme", "dark")
    frames = Frames()
    frames.feed(html)
    assert code == 0
    (frame,) = frames.found
    assert frame["src"] == "https://console.example.org/c/acme/embeds/leaderboard?period=week&count=5&theme=dark"
    assert frame["title"] == "leaderboard"


def test_json_has_both_addresses() -> None:
    code, text = said("board", "--of", "month", "--language", "it", "--count", "3", "--json")
    found = json.loads(text)
    base = "https://console.example.org/c/acme/embeds/boards/month"
    assert (code, found["url"], found["json_url"]) == (0, f"{base}?language=it&count=3", f"{base}.json?count=3")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("board",), "Say by --of which board you mean"),
        (("leaderboard", "--of", "x"), "leave --of out"),
        (("card", "--of", "x", "--count", "3"), "The embed card takes no --count"),
        (("celebrations", "--period", "week"), "The embed celebrations takes no --period"),
        (("wall",), "'wall' is not one of"),
        (("leaderboard", "--count", "26"), "26 is not in the range"),
    ],
)
def test_what_is_not_taken_is_said(args: tuple[str, ...], says: str) -> None:
    code, text = said(*args)
    assert code == 2
    assert says in text
