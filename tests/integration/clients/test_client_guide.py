"""docs/clients.md: its programs do what it says, against the running platform and through the gateway."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from plaudit_client import Plaudit

from plaudit.access import issue_key

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "clients.md").read_text()
SCOPES = ("events:write", "receipts:read", "members:read", "members:write", "recognition:read")
numbers = count()
#: Half a minute each, the first time.
SLOW = ("go", "java")


#: Records events first to last; where it reaches the platform it waits until nothing is on disk.
RECORDING = """
import os, pathlib, sys, threading
from plaudit_client import Recorder
url, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
spool = pathlib.Path(os.environ["SPOOL"])
away = url.endswith(":9")
ends = {"exit_seconds": 0.1 if away else 60, "pause_seconds": 0.01}
with Recorder(url, os.environ["PLAUDIT_KEY"], spool=spool, **ends) as one:
    for number in range(first, last):
        data = {"channel": "forum", "actor": {"id": "ada"}}
        one.record({"specversion": "1.0", "id": str(number), "source": "https://shop.example.org",
                    "type": "member.visited.v1", "time": "2026-01-31T12:00:00Z", "data": data})
    while not away and list(spool.glob("*.jsonl")):
        threading.Event().wait(0.01)
"""


def snippets(language: str) -> list[str]:
    """The guide's programs in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def environment(platform: Any, tmp_path: Path) -> dict[str, str]:
    key = issue_key(platform, f"clients-{next(numbers)}", "a program", SCOPES)["key"]
    return {
        **os.environ,
        "PLAUDIT_URL": platform.gateway_url,
        "PLAUDIT_KEY": key,
        "SPOOL": str(tmp_path / "spool"),
        "GOTELEMETRY": "off",
        "no_proxy": "*",
    }


def run(command: list[str], environment: dict[str, str], directory: Path) -> str:
    done = subprocess.run(
        command, env=environment, cwd=directory, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_python_program(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "send.py").write_text(snippets("python")[0])
    said = run([sys.executable, "send.py"], environment, tmp_path)
    assert "accepted 1, duplicate 0, rejected 0" in said
    assert "refused: 4" in said


@pytest.mark.parametrize(
    ("language", "file", "command"),
    [
        ("js", "send.mjs", ["node", "send.mjs"]),
        ("go", "send.go", ["go", "run", "send.go"]),
        ("java", "Send.java", ["java", "Send.java"]),
    ],
)
def test_the_programs_in_other_languages(
    environment: dict[str, str], tmp_path: Path, language: str, file: str, command: list[str]
) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    if language in SLOW and not os.environ.get("PLAUDIT_CLIENTS"):
        pytest.skip("it compiles its library first: `make clients` runs it")
    [program] = snippets(language)
    (tmp_path / file).write_text(program)
    said = run(command, environment, tmp_path)
    assert re.search(r"accepted 1, receipt r\w+", said), said
    assert "refused: 4" in said, said


async def test_the_middlewares_record_visits(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PLAUDIT_URL", "PLAUDIT_KEY", "SPOOL"):
        monkeypatch.setenv(name, environment[name])
    _, fastapi, django = snippets("python")
    names: dict[str, Any] = {"__name__": "application"}
    exec(compile(fastapi, "fastapi.py", "exec"), names)  # noqa: S102 -- the guide's own text
    app = names["app"]
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://x") as site,
    ):
        assert (await site.get("/articles/one", headers={"X-Member": "ada"})).json() == {"article": "one"}
        assert (await site.get("/articles/one")).status_code == 200
        assert (await site.get("/nothing", headers={"X-Member": "ada"})).status_code == 404
        recorder = app.state.recorder
        assert await asyncio.to_thread(recorder.flush, 60)
    assert (recorder.recorded.accepted, recorder.recorded.refused) == (1, 0)

    class User:
        is_authenticated = True
        pk = 7

    class Visit:
        user = User()
        path = "/cart"

    names = {"__name__": "application"}
    exec(compile(django, "django.py", "exec"), names)  # noqa: S102 -- the guide's own text
    respond = names["Visits"](lambda request: httpx.Response(200))
    assert respond(Visit()).status_code == 200
    await asyncio.to_thread(names["recorder"].close)
    assert (names["recorder"].recorded.accepted, names["recorder"].recorded.refused) == (1, 0)


def test_a_recorder_loses_nothing_while_the_gateway_is_away(environment: dict[str, str], tmp_path: Path) -> None:
    """What is recorded while nobody listens waits on disk, and counts once when somebody does."""
    run([sys.executable, "-c", RECORDING, "http://127.0.0.1:9", "0", "30"], environment, tmp_path)
    waiting = list((tmp_path / "spool").glob("*.jsonl"))
    assert sum(len(one.read_bytes().splitlines()) for one in waiting) == 30
    run([sys.executable, "-c", RECORDING, environment["PLAUDIT_URL"], "25", "31"], environment, tmp_path)
    with Plaudit(environment["PLAUDIT_URL"], environment["PLAUDIT_KEY"]) as plaudit:
        counted: dict[str, int] = {}
        for _ in range(600):
            counted = {"accepted": 0, "duplicate": 0, "pending": 0}
            for receipt in plaudit.ingest.iter_receipts():
                counts = plaudit.receipt_counts(receipt["receipt_id"])
                counted = {name: counted[name] + counts[name] for name in counted}
            if counted["accepted"] + counted["duplicate"] == 36:
                break
            threading.Event().wait(0.1)
    assert counted == {"accepted": 31, "duplicate": 5, "pending": 0}, json.dumps(counted)
