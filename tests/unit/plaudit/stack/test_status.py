"""`plaudit status` says what a service says of itself: a process that runs may hang all the same."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from click.testing import CliRunner

from plaudit.cli import main
from plaudit.stack import lifecycle
from plaudit.stack.lifecycle import ProcessStatus, StackStatus
from plaudit.stack.ports import is_free
from plaudit.stack.readiness import what_is_missing

HANGS = "it hangs: records wait, and no batch was finished for 75 s"


class Service(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        missing = [HANGS] if self.server.hangs else []  # type: ignore[attr-defined]
        body = (
            b"no JSON"
            if self.path != "/readyz"
            else json.dumps({"ready": not missing, "missing": missing}).encode()
        )
        self.send_response(503 if missing else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.hangs = False
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_service_is_asked_what_keeps_it_from_its_work(service: Any) -> None:
    url = f"http://127.0.0.1:{service.server_port}"
    assert what_is_missing({"scoring": url}) == {"scoring": []}
    service.hangs = True
    assert what_is_missing({"scoring": url}) == {"scoring": [HANGS]}
    nobody = next(port for port in range(20_000, 30_000) if is_free(port))
    found = what_is_missing({"scoring": url, "rewards": f"http://127.0.0.1:{nobody}"})
    assert found == {"scoring": [HANGS], "rewards": ["it does not answer within 2 s"]}
    assert what_is_missing({}) == {}


def test_the_command_says_it_and_ends_with_3(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    asked: list[bool] = []

    def look(name: str, *, ask: bool = False) -> StackStatus:
        asked.append(ask)
        processes = [ProcessStatus(name="scoring", state="running", missing=[HANGS])]
        return StackStatus(name=name, directory=tmp_path, running=False, processes=processes)

    monkeypatch.setattr(lifecycle, "status", look)
    result = CliRunner().invoke(main, ["status"])
    assert f"scoring: {HANGS}" in result.output
    assert (result.exit_code, asked) == (3, [True])
