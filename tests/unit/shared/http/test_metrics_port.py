"""Metrics at a port of their own, for what the public may reach."""

import httpx
import pytest

from shared.http.process import metrics_served


def test_metrics_are_at_their_port_and_nothing_else_is() -> None:
    with metrics_served("127.0.0.1", 0) as port:
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60)
        assert (answer.status_code, "plaudit_http_requests_total" in answer.text) == (200, True)
        with pytest.raises(OSError, match="for metrics"), metrics_served("127.0.0.1", port):
            pass
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60)


def test_without_a_port_they_are_nowhere() -> None:
    with metrics_served("127.0.0.1", None) as port:
        assert port is None
