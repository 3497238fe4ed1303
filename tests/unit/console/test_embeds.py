"""Embeds: which options an address may have, what of an answer is shown, and colours that can be told apart."""

import re
from typing import Any

import pytest

from console.asking import Answer
from console.components.languages import LANGUAGES
from console.components.looks import contrast, stylesheet
from console.pages.embeds.framed import ancestors
from console.pages.embeds.kinds import BY_NAME, COUNT_MAX, KINDS, PERIODS, THEMES, Options, WrongOptionError
from console.pages.embeds.lately import Lately
from plaudit import embed

MEMBER = "0190a0b0-8a6f-7c3e-9d41-2b7f5e1c6a90"
SLATE = {"background": "#10151a", "text": "#f2f4f5", "accent": "#f5b700"}
PAPER = {"background": "#fff8ef", "text": "#2a1a10", "accent": "#b0341a"}


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"utm": "x"}, "no option 'utm'"),
        ({"period": "day"}, "period is one of"),
        ({"theme": "pink"}, "theme is one of"),
        ({"language": "../en"}, "language is one of"),
        ({"count": "0"}, "count is a number"),
        ({"count": "26"}, "count is a number"),
        ({"count": "1e9"}, "count is a number"),
        ({"count": "٥"}, "count is a number"),
    ],
)
def test_an_option_that_is_none_is_refused_by_name(said: dict[str, str], wrong: str) -> None:
    with pytest.raises(WrongOptionError, match=wrong):
        Options.of(said, taken=BY_NAME["leaderboard"].options, languages=LANGUAGES)


@pytest.mark.parametrize(
    "named", ["../leaderboard", "A", "a%2Fb", "", None, "0190a0b0", f"{MEMBER}/statement", f"{MEMBER}\n"]
)
def test_an_address_names_a_member_by_id_and_nothing_else(named: str | None) -> None:
    assert not BY_NAME["card"].takes(named)
    assert BY_NAME["card"].takes(MEMBER)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_id_of_a_member_or_event_is_shown(kind: Any) -> None:
    place = {"rank": 1, "name": "Ada", "points": 3, "member_id": MEMBER, "is_self": False, "moved": None}
    board = dict.fromkeys(("id", "title", "description", "starts_on", "ends_on", "since", "audience"), "-")
    reached = {
        "title": "First",
        "kind": "badge",
        "together": False,
        "member_name": "Ada",
        "celebrated_at": "-",
        "reactions": [],
        "member_id": MEMBER,
        "event_uid": MEMBER,
        "celebration_id": MEMBER,
    }
    thanks = {
        "event_uid": MEMBER,
        "giver": {"member_id": MEMBER, "name": "Ada"},
        "receiver": {"member_id": MEMBER, "name": "Grace"},
        "value": "patience",
        "value_title": "Patience",
        "message": "Thank you",
        "given_at": "-",
        "state": "shown",
        "is_own": False,
        "can_take_back": False,
    }
    card = dict.fromkeys(("name", "points", "level", "next_level", "badges", "badges_count"), "-")
    answers: dict[str, dict[str, Any]] = {
        "leaderboard": {"period": "week", "starts_on": "-", "ends_on": "-", "items": [place], "next": MEMBER},
        "board": {"board": board, "items": [place], "next": MEMBER},
        "celebrations": {"items": [reached], "next": MEMBER},
        "kudos": {"items": [thanks], "next": MEMBER},
        "card": {**card, "member_id": MEMBER},
    }
    assert MEMBER not in str(kind.said(answers[kind.name]))


@pytest.mark.parametrize("colours", [SLATE, PAPER], ids=["dark", "light"])
def test_colours_can_be_told_apart_in_both_themes(colours: dict[str, str]) -> None:
    found = re.findall(r"(--\w+): light-dark\((#\w{6}), (#\w{6})\)", stylesheet(colours))
    pairs = {name: values for name, *values in found}
    for theme in (0, 1):
        ground, text = pairs["--ground"][theme], pairs["--text"][theme]
        assert contrast(text, ground) >= 4.5
        assert contrast(pairs["--mark"][theme], ground) >= 3
    # By day on the lighter, by night on the darker, whichever the community calls its background.
    assert contrast(pairs["--ground"][0], "#000000") > contrast(pairs["--ground"][1], "#000000")


def test_a_community_without_colours_has_those_of_plaudit() -> None:
    assert stylesheet(None) == ""


def test_only_the_console_and_allowed_sites_may_frame_an_embed() -> None:
    assert ancestors(()) == "'self'"
    assert ancestors(("https://www.acme.example",)) == "'self' https://www.acme.example"
    assert ancestors(("https://www.acme.example", "*")) == "*"


def test_the_command_knows_the_kinds_that_the_console_has() -> None:
    assert {kind.name: (kind.path, kind.height) for kind in KINDS} == embed.PATHS
    said = (embed.LANGUAGES, embed.THEMES, embed.PERIODS, embed.COUNT_MAX)
    assert said == (LANGUAGES, THEMES, PERIODS, COUNT_MAX)


class Counted:
    """Questions of a visitor, and how often they were asked."""

    token = None

    def __init__(self, visits: str, status: int = 200) -> None:
        self.visits = visits
        self.asked: list[str] = []
        self._status = status

    async def get(self, service: str, path: str, **params: Any) -> Answer:
        self.asked.append(f"{service}{path}{params}")
        return Answer(service, self._status, {"of": self.visits, **params})


async def test_an_answer_is_of_its_community_and_question_alone() -> None:
    lately, pier, quay = Lately(), Counted("pier"), Counted("quay")
    for ask in (pier, quay, pier, quay):
        for count in (5, 10):
            found = await lately.get(ask, "recognition", "/v1/leaderboard", limit=count)  # type: ignore[arg-type]
            assert found.body == {"of": ask.visits, "limit": count}
    assert (len(pier.asked), len(quay.asked)) == (2, 2)


async def test_a_refusal_is_not_kept() -> None:
    lately, gone = Lately(), Counted("pier", status=401)
    for _ in range(2):
        assert not (await lately.get(gone, "recognition", "/v1/leaderboard")).ok  # type: ignore[arg-type]
    assert len(gone.asked) == 2


async def test_no_answer_to_somebody_who_shows_a_token_is_kept() -> None:
    signed_in = Counted("pier")
    signed_in.token = "a-token"  # type: ignore[assignment]
    with pytest.raises(AssertionError):
        await Lately().get(signed_in, "ingest", "/v1/key")  # type: ignore[arg-type]
