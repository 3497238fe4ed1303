"""Access keys from the administrator: issued, known to the services before they are used, and revoked."""

import contextlib
import signal
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import click
import psutil

from plaudit.calls import every_item, knows, request
from plaudit.stack.paths import make_private
from plaudit.stack.state import StackState, write_private

KNOWN_EVERYWHERE_SECONDS = 30.0
POLL_SECONDS = 0.05
#: One file for each temporary key that has not been revoked yet: what a command that was killed left behind.
TEMPORARY_KEYS = "temporary-keys"
#: Signals that end a process at once unless it says otherwise; Ctrl-C raises KeyboardInterrupt anyway.
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Office(NamedTuple):
    """Where keys are issued: ingest's address, and the administrator's key."""

    ingest_url: str
    admin_key: str


def office_of(state: StackState) -> Office:
    """Where a local stack's keys are issued."""
    return Office(state.service_urls["ingest"], state.admin_key)


def issue_key(state: StackState, community: str, name: str, scopes: Sequence[str]) -> dict[str, Any]:
    """Issue an access key of a local stack, and return once every service of it knows the key."""
    issued = issue(office_of(state), community, name, scopes)
    wait_until_known(issued["key"], state.service_urls.values())
    return issued


def issue(office: Office, community: str, name: str, scopes: Sequence[str]) -> dict[str, Any]:
    """Issue an access key; the answer has its `key_id` and the `key` itself, this once."""
    body = {"community": community, "name": name, "scopes": list(scopes)}
    issued: dict[str, Any] = request("POST", f"{office.ingest_url}/v1/keys", office.admin_key, json=body)
    return issued


def revoke(office: Office, community: str, key_id: str, *, even_unknown: bool = False) -> None:
    """Revoke an access key, everywhere and for good; `even_unknown`: also one that was never issued there."""
    url = f"{office.ingest_url}/v1/communities/{community}/keys/{key_id}"
    request("DELETE", url, office.admin_key, params={"even_unknown": True} if even_unknown else None)


def list_keys(office: Office, community: str) -> list[dict[str, Any]]:
    """The access keys of a community, without their secrets."""
    return every_item(f"{office.ingest_url}/v1/communities/{community}/keys", office.admin_key)


def wait_until_known(key: str, urls: Iterable[str]) -> None:
    """Return once the services at `urls` know the key. Raises ClickException when one does not in time."""
    deadline = time.monotonic() + KNOWN_EVERYWHERE_SECONDS
    for url in urls:
        while not knows(url, key):
            if time.monotonic() > deadline:
                raise click.ClickException(
                    f"the key was issued, but {url} does not know it yet; for a local stack see `plaudit status`"
                )
            time.sleep(POLL_SECONDS)


@contextlib.contextmanager
def temporary_key(
    state: StackState, community: str, name: str, scopes: Sequence[str], services: Iterable[str]
) -> Iterator[str]:
    """An access key of a local stack for as long as the block lasts, known to the `services` that it is for.

    It is revoked when the block ends: by itself, by a failure, by Ctrl-C, or because the process is told to end.
    What a command that was killed could not revoke, the next one does.
    """
    office = office_of(state)
    folder = state.directory / TEMPORARY_KEYS
    _revoke_left_behind(office, folder)

    def issued_and_noted() -> str:
        issued = issue(office, community, name, scopes)
        _note(folder, issued["key_id"], community)
        return str(issued["key"])

    # In a thread, which no Ctrl-C interrupts: neither between the answer and its note, nor while revoking.
    with _told_to_end(), ThreadPoolExecutor(1) as pool:
        issuing = pool.submit(issued_and_noted)
        try:
            key = issuing.result()
            wait_until_known(key, [state.service_urls[service] for service in services])
            yield key
        finally:
            pool.submit(_revoke_issued, office, folder, community, issuing)


def _revoke_issued(office: Office, folder: Path, community: str, issuing: Future[str]) -> None:
    if issuing.exception() is not None:
        return
    key_id = key_id_of(issuing.result())
    try:
        revoke(office, community, key_id)
    except click.ClickException as error:
        click.echo(
            f"The temporary key {key_id} is not revoked yet: {error.message}. The next command does it, or "
            f"`plaudit keys revoke {key_id} --community {community}`",
            err=True,
        )
    else:
        (folder / key_id).unlink(missing_ok=True)


def key_id_of(key: str) -> str:
    """The id of an access key: plk_<id>_<secret>."""
    return key.split("_")[1]


def _note(folder: Path, key_id: str, community: str) -> None:
    make_private(folder)
    own = psutil.Process()
    write_private(folder / key_id, f"{community} {own.pid} {own.create_time()}")


def _revoke_left_behind(office: Office, folder: Path) -> None:
    """Revoke the keys of commands that ended without doing so themselves."""
    for note in folder.glob("[0-9a-f]*") if folder.exists() else ():
        with contextlib.suppress(OSError, ValueError):
            community, pid, create_time = note.read_text().split()
            if _lives(int(pid), float(create_time)):
                continue
            with contextlib.suppress(click.ClickException):  # tried again by the next command
                revoke(office, community, note.name)
                note.unlink(missing_ok=True)


def _lives(pid: int, create_time: float) -> bool:
    try:
        return abs(psutil.Process(pid).create_time() - create_time) < 1
    except psutil.NoSuchProcess:
        return False


@contextlib.contextmanager
def _told_to_end() -> Iterator[None]:
    """Lets what is under way clean up when the process is told to end, instead of ending at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
