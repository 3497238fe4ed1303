"""`plaudit content`: what it asks, and how it says why content is as good."""

from contextlib import contextmanager
from typing import Any

import pytest
from click.testing import CliRunner

from plaudit import content as command

ONE = {
    "content_id": "0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b",
    "object_id": "post-93",
    "channel": "forum",
    "author_id": None,
    "author_name": "Grace",
    "quality": 0.7,
    "weighed": 1,
    "made_at": "2026-03-04T12:00:00Z",
    "prior_votes": 3,
    "votes_for": 2.0,
    "votes": 2.0,
}
JUDGED = {
    "judge_id": "1",
    "judge_name": "Mod",
    "at": "2026-03-04T12:00:00Z",
    "kind": "accepted",
    "percent_for": 100,
    "trust": 1.0,
    "turn": 1,
    "weight": 2.0,
    "why_nothing": None,
}


class Place:
    def url(self, service: str) -> str:
        return f"http://{service}"

    @contextmanager
    def access(self, *_: Any) -> Any:
        yield "key"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, Any]]:
    """What was asked; answers are those of a small community."""
    found: list[tuple[str, str, Any]] = []

    def request(method: str, url: str, _: str, **options: Any) -> Any:
        path = url.removeprefix("http://scoring")
        found.append((method, path, options.get("params")))
        if path.endswith("judgements"):
            return {
                "items": [JUDGED, {**JUDGED, "judge_name": "Bo", "weight": 0, "why_nothing": "own"}],
                "next": None,
            }
        if path.endswith("best"):
            return {"items": [ONE], "starts_on": "2026-03-02", "ends_on": "2026-03-08", "next": None}
        return {"pairs": 1200} if method == "POST" else ONE

    monkeypatch.setattr(command, "request", request)
    monkeypatch.setattr("plaudit.places.Where.place", lambda _: Place())
    return found


def test_the_best_are_asked_for_by_span_and_channel(asked: list[Any]) -> None:
    result = CliRunner().invoke(command.content, ["best", "--by", "month", "--channel", "forum", "--limit", "5"])
    assert result.exit_code == 0, result.output
    assert asked == [("GET", "/v1/content/best", {"by": "month", "channel": "forum", "limit": "5"})]
    assert "post-93" in result.output
    assert "made from 2026-03-02 to 2026-03-08" in result.output


def test_one_is_said_with_its_sum_and_why_some_weigh_nothing(asked: list[Any]) -> None:
    result = CliRunner().invoke(command.content, ["show", ONE["content_id"]], terminal_width=200)
    assert result.exit_code == 0, result.output
    assert "quality 0.7000 = (1.5 + 2) / (3 + 2)" in result.output
    assert len(asked) == 2


def test_restating_says_of_how_many(asked: list[Any]) -> None:
    result = CliRunner().invoke(command.content, ["restate"])
    assert result.output == "1,200 pairs of members are weighed anew\n"
    assert asked == [("POST", "/v1/content/restatements", None)]
