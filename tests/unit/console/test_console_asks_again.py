"""A command that a service has no room for now is said again, where it may be said twice and it is not long."""

from typing import Any

import httpx
import pytest

from console import asking
from console.asking import Asking, Services


def services(*answers: tuple[int, str | None]) -> tuple[Asking, list[httpx.Request]]:
    """Services that give these answers in turn, the last one for good: the status, and when to come again."""
    came: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        came.append(request)
        status, again = answers[min(len(came), len(answers)) - 1]
        return httpx.Response(status, json={}, headers={} if again is None else {"Retry-After": again})

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return Asking(Services({"scoring": "http://scoring"}, client, 10_000)), came


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(asking.asyncio, "sleep", sleep)
    return waits


async def test_a_save_is_said_again_until_there_is_room(slept: list[float]) -> None:
    ask, came = services((503, "1"), (503, "2"), (200, None))
    answer = await ask.command("PUT", "scoring", "/v1/programme-drafts/x", {"revision": 1})
    assert (answer.status, slept) == (200, [1.0, 2.0])
    assert [request.content for request in came] == [b'{"revision":1}'] * 3
    assert {request.headers["content-type"] for request in came} == {"application/json"}


@pytest.mark.parametrize(
    ("method", "more", "answers", "count"),
    [
        # Whoever asks waits in bounded time.
        ("PUT", {}, [(503, "1")], 4),
        ("POST", {"key": "k"}, [(503, "1")], 4),
        # Nobody knows whether it was done, or when there is room; or it is long until then; or another answer.
        ("POST", {}, [(503, "1")], 1),
        ("PUT", {}, [(503, None)], 1),
        ("PUT", {}, [(503, "30")], 1),
        ("PUT", {}, [(409, "1")], 1),
    ],
    ids=["in vain", "the same command", "not twice", "unsaid", "long", "another answer"],
)
async def test_no_other_is(
    slept: list[float], method: str, more: dict[str, Any], answers: list[tuple[int, str | None]], count: int
) -> None:
    ask, came = services(*answers)
    answer = await ask.command(method, "scoring", "/v1/x", {}, **more)
    assert (answer.status, len(came), len(slept)) == (answers[0][0], count, count - 1)
