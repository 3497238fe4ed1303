"""What requests of commands share."""

import ssl
from typing import Any

import httpx
import pytest

from plaudit.calls import request, why_not_ready


def test_the_certificates_that_are_trusted_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []

    def answer(*_: object, verify: object = None, **__: Any) -> httpx.Response:
        given.append(verify)
        return httpx.Response(200, json={"missing": []})

    monkeypatch.setattr(httpx, "request", answer)
    monkeypatch.setattr(httpx, "get", answer)
    for _ in range(2):
        request("GET", "https://plaudit.example.org/v1/people", "key")
        assert why_not_ready("https://plaudit.example.org") is None

    assert isinstance(given[0], ssl.SSLContext)
    assert given[0].verify_mode is ssl.CERT_REQUIRED
    assert all(one is given[0] for one in given)
