"""A key that a command issues for itself at a local stack ends with the command, however that ends."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest
from click.testing import CliRunner

from plaudit import access
from plaudit.access import TEMPORARY_KEYS, Office, key_id_of, list_keys, local_people, revoke, temporary_key
from plaudit.calls import Refused, knows
from plaudit.cli import main
from plaudit.stack import StackState
from tests.waiting import until

pytestmark = pytest.mark.stack

EVENT = {
    "specversion": "1.0",
    "id": "1",
    "source": "s",
    "type": "forum.post.v1",
    "time": "2026-01-31T12:00:00Z",
    "data": {"channel": "forum", "actor": {"id": "ada"}},
}
PROGRAMME = Path(__file__).parents[3] / "programmes" / "starter.yaml"
ENDING_SECONDS = 20


@pytest.fixture
def community() -> str:
    return f"temporary-{uuid4().hex[:12]}"


@pytest.fixture
def keys(platform: StackState, community: str) -> Callable[[], list[bool]]:
    """For each key of the community, whether it is revoked."""
    return lambda: [key["revoked"] for key in list_keys(local_people(platform).office, community)]


def arguments_of(community: str, *command: str) -> list[str]:
    return [*command, "--stack", "whole", "--community", community]


def run(community: str, *command: str, **options: Any) -> Any:
    return CliRunner().invoke(main, arguments_of(community, *command), **options)


def test_an_import_leaves_no_key(community: str, keys: Callable[[], list[bool]]) -> None:
    for _ in range(2):
        result = run(community, "import", "cloudevents", "-", input=json.dumps(EVENT))
        assert result.exit_code == 0, result.output
    assert keys() == [True, True]


def test_an_import_that_fails_leaves_no_key(
    community: str, keys: Callable[[], list[bool]], tmp_path: Path
) -> None:
    cut_off = tmp_path / "events.jsonl.gz"
    cut_off.write_bytes(b"\x1f\x8b\x08\x00garbage")
    assert run(community, "import", "cloudevents", str(cut_off)).exit_code == 1
    assert keys() == [True] * len(keys())


def test_a_programme_is_published_without_leaving_a_key(community: str, keys: Callable[[], list[bool]]) -> None:
    result = run(community, "programme", "publish", str(PROGRAMME), "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["version"] == 1
    assert keys() == [True]


@pytest.fixture
def importing(community: str, keys: Callable[[], list[bool]]) -> Iterator[subprocess.Popen[bytes]]:
    """An import that waits for more input, with its key."""
    command = [sys.executable, "-m", "plaudit", *arguments_of(community, "import", "cloudevents", "-")]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell's background job, and what it starts, ignores Ctrl-C: what a person starts does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 -- no thread is needed
    ) as started:
        assert started.stdin is not None
        started.stdin.write(json.dumps(EVENT).encode() + b"\n")
        started.stdin.flush()
        yield started
        started.kill()


async def until_issued(keys: Callable[[], list[bool]]) -> None:
    async def issued() -> bool:
        return keys() == [False]

    await until(issued)


async def until_noted(platform: StackState, community: str) -> None:
    """Returns once the key stands among those that a later command looks after."""

    async def noted() -> bool:
        notes = (platform.directory / TEMPORARY_KEYS).glob("*")
        return any(note.read_text().startswith(f"{community} ") for note in notes)

    await until(noted)


async def until_it_reads(process: subprocess.Popen[bytes]) -> None:
    """Returns once the thread has begun that waits for more input, beside the main one and that of the key."""

    async def reads() -> bool:
        return psutil.Process(process.pid).num_threads() >= 3

    await until(reads)


@pytest.mark.parametrize("waits_for_input", [False, True])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_an_import_that_is_told_to_end_leaves_no_key(
    importing: subprocess.Popen[bytes],
    keys: Callable[[], list[bool]],
    number: signal.Signals,
    waits_for_input: bool,
) -> None:
    await until_issued(keys)
    if waits_for_input:
        await until_it_reads(importing)
    importing.send_signal(number)
    assert importing.wait(ENDING_SECONDS) != 0
    assert keys() == [True]


async def test_what_a_killed_import_left_the_next_command_revokes(
    platform: StackState,
    importing: subprocess.Popen[bytes],
    keys: Callable[[], list[bool]],
    community: str,
) -> None:
    await until_issued(keys)
    await until_noted(platform, community)
    importing.kill()
    importing.wait(ENDING_SECONDS)
    assert keys() == [False]

    result = run(community, "programme", "validate", str(PROGRAMME))

    assert result.exit_code == 0, result.output
    assert keys() == [True, True], result.output


def test_a_service_that_is_busy_for_a_moment_is_asked_again(
    community: str, keys: Callable[[], list[bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[str] = []

    def busy_once(office: Office, community: str, key_id: str) -> None:
        if key_id not in refused:
            refused.append(key_id)
            raise Refused(httpx.Response(503, json={"title": "Busy", "detail": "no connection in time"}))
        revoke(office, community, key_id)

    monkeypatch.setattr(access, "revoke", busy_once)
    result = run(community, "programme", "validate", str(PROGRAMME))

    assert result.exit_code == 0, result.output
    assert (keys(), len(refused)) == ([True], 1)
    assert "not revoked yet" not in result.output


def test_the_key_of_a_block_is_known_in_it_and_noted_until_it_is_revoked(
    platform: StackState, community: str
) -> None:
    with temporary_key(platform, community, "mine", ("receipts:read",), ("ingest",)) as key:
        assert knows(platform.service_urls["ingest"], key)
        assert (platform.directory / TEMPORARY_KEYS / key_id_of(key)).exists()
    assert not (platform.directory / TEMPORARY_KEYS / key_id_of(key)).exists()
