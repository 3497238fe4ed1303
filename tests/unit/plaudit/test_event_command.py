"""`plaudit event`: what it reads, and how it says what became of each event."""

import json
from collections.abc import Mapping
from contextlib import contextmanager
from typing import Any

import click
import pytest
from click.testing import CliRunner

from plaudit import event as command
from plaudit.cli import main
from shared.contracts.activities import ACTIVITY_TYPES

UID = "0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b"


class Place:
    def url(self, service: str) -> str:
        return f"http://{service}"

    @contextmanager
    def access(self, *_: Any) -> Any:
        yield "a-key"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    """What is asked; each time the first event is refused, the second taken, and of others nothing is known."""
    requests: list[Mapping[str, Any]] = []

    def answer(method: str, url: str, key: str, **options: Any) -> Any:
        requests.append({"url": url, **options})
        return {
            "receipt_id": f"r{len(requests)}",
            "accepted": 1,
            "rejected": [{"index": 0, "field": "/type", "detail": "is missing"}],
            "status": "pending",
            "items": [{"index": 1, "event_uid": UID, "outcome": "accepted", "reason": None}],
        }

    monkeypatch.setattr(command, "request", answer)
    monkeypatch.setattr(command.Where, "place", lambda _: Place())
    return requests


def ran(*arguments: str, given: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(main, ["event", *arguments], input=given, env={"COLUMNS": "120"})
    return result.exit_code, result.output


@pytest.mark.parametrize("content", [b'{"id": "a"}', b'[{"id": "a"}]', b'\n{"id": "a"}\n\n'])
def test_one_a_list_and_one_a_line_are_read(content: bytes) -> None:
    assert command.events_in(content) == [{"id": "a"}]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "There is no event in it"),
        (b"[]", "There is no event in it"),
        (b'[{"id": "a"}, 7]', "Event 2 is no JSON object"),
        (b'{"id": "a"', "It is no JSON: line 1, column"),
        (b'{"id": "a"}\n{"id"', "Line 2 is no JSON: column"),
        (b"\xff", "It is no JSON"),
    ],
)
def test_what_is_no_event_is_said_with_its_place(content: bytes, said: str) -> None:
    with pytest.raises(click.ClickException) as refused:
        command.events_in(content)
    assert said in refused.value.message


def test_each_event_has_what_became_of_it(asked: list[Mapping[str, Any]]) -> None:
    events = json.dumps([{"id": "a"}, {"id": "b", "type": "forum.post.v1"}, {"id": "c"}])

    status, printed = ran("send", "-", "--wait", "3", given=events)

    assert status == 1
    assert "Event 1, refused: /type: is missing" in printed
    assert f"plaudit programme explain {UID}" in printed
    assert "Of 1 it is not known yet; look again: plaudit event receipt r1" in printed
    (one,) = asked
    assert (one["url"], one["params"]) == ("http://ingest/v1/events", {"wait": 3})


def test_more_than_a_request_takes_goes_in_several(asked: list[Mapping[str, Any]]) -> None:
    count = command.BATCH_MAX_COUNT + 2
    lines = "\n".join(json.dumps({"id": str(number)}) for number in range(count))

    _, printed = ran("send", "-", "--json", given=lines)

    found = json.loads(printed)
    assert [len(json.loads(one["content"])) for one in asked] == [command.BATCH_MAX_COUNT, 2]
    assert [(one["index"], one["id"]) for one in found] == [(number, str(number)) for number in range(count)]
    assert {one["receipt_id"] for one in found[: command.BATCH_MAX_COUNT]} == {"r1"}
    assert found[-1]["outcome"] == "accepted"


def test_each_type_has_an_example() -> None:
    status, printed = ran("example")
    assert (status, printed.split()) == (0, list(ACTIVITY_TYPES))

    shown = [json.loads(ran("example", "forum.reply.v1", *now)[1]) for now in ((), ("--now",), ("--now",))]
    assert {one["type"] for one in shown} == {"forum.reply.v1"}
    assert len({one["id"] for one in shown}) == 3
    assert ran("example", "forum.replied.v1")[0] == 1
