"""The account of a local stack's commands is given its roles where it lacks some, and not each time."""

from typing import Any

import httpx
import pytest

from plaudit import access
from plaudit.access import EVERY_ROLE, LocalPeople, Office, commands_account
from plaudit.calls import Refused

LOCAL = LocalPeople(Office("http://ingest.invalid", "plk_x"), "person-1")
URL = "http://ingest.invalid/v1/communities/demo/people/person-1"


def asked(monkeypatch: pytest.MonkeyPatch, known: list[str] | int) -> list[tuple[str, Any]]:
    """What is asked of ingest, which knows these roles, or answers with this status."""
    found: list[tuple[str, Any]] = []

    def answer(method: str, url: str, key: str, *, json: Any = None) -> Any:
        assert url.startswith(URL)
        found.append((method, json))
        if method == "GET" and isinstance(known, int):
            raise Refused(httpx.Response(known, json={"title": "no"}))
        return {"roles": known}

    monkeypatch.setattr(access, "request", answer)
    return found


@pytest.mark.parametrize("known", [404, [], ["manager"]])
def test_what_it_lacks_is_given(monkeypatch: pytest.MonkeyPatch, known: list[str] | int) -> None:
    requests = asked(monkeypatch, known)

    assert commands_account(LOCAL, "demo") == "person-1"
    assert requests == [("GET", None), ("PUT", {"roles": list(EVERY_ROLE)})]


def test_what_it_has_is_not_given_again(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = asked(monkeypatch, sorted(EVERY_ROLE, reverse=True))

    assert commands_account(LOCAL, "demo") == "person-1"
    assert requests == [("GET", None)]


def test_a_refusal_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = asked(monkeypatch, 403)

    with pytest.raises(Refused):
        commands_account(LOCAL, "demo")
    assert requests == [("GET", None)]
