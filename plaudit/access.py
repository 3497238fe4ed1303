"""Access keys from an administrator: issued, known to the services before they are used, and revoked."""

import contextlib
import fcntl
import json
import signal
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import click
import httpx
import psutil

from plaudit.calls import Refused, every_item, knows, request
from plaudit.stack.paths import make_private
from plaudit.stack.state import StackState, write_private
from shared.access_keys import INSTALLATION, KEY_PREFIX, Role

KNOWN_EVERYWHERE_SECONDS = 30.0
POLL_SECONDS = 0.05
#: For so long the revocation of a temporary key is tried again: a busy service refuses for a moment, or is late.
REVOKE_AGAIN_SECONDS = 20.0
REVOKE_POLL_SECONDS = 0.5
#: One file for each temporary key that has not been revoked yet: what a command that was killed left behind.
TEMPORARY_KEYS = "temporary-keys"
#: Where a local stack keeps the key of its administrator.
LOCAL_PEOPLE = "people.json"
#: What the account of a local stack's commands is in each community: all, but never two people.
EVERY_ROLE = tuple(role.value for role in Role if role is not Role.MEMBER)
#: Signals that end a process at once unless it says otherwise; Ctrl-C raises KeyboardInterrupt anyway.
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Office(NamedTuple):
    """Where people and keys are administered: ingest's address, and the key of whoever does it."""

    ingest_url: str
    key: str


def issue_key(
    state: StackState, community: str, name: str, scopes: Sequence[str], *, person_id: str | None = None
) -> dict[str, Any]:
    """Issue an access key of a local stack, and return once every service of it knows the key.

    It is the person's, or else the account's for which commands act, which may do everything there.
    """
    local = local_people(state)
    owner = person_id or commands_account(local, community)
    issued = issue(local.office, community, owner, name, scopes)
    wait_until_known(issued["key"], state.service_urls.values())
    return issued


def issue(
    office: Office,
    community: str,
    person_id: str,
    name: str,
    scopes: Sequence[str] | None,
    expires_at: str | None = None,
) -> dict[str, Any]:
    """Issue an access key of a person; the answer has its `key_id` and the `key` itself, this once."""
    body: dict[str, Any] = {"community": community, "person_id": person_id, "name": name}
    body |= {"scopes": list(scopes)} if scopes else {}
    body |= {"expires_at": expires_at} if expires_at else {}
    issued: dict[str, Any] = request("POST", f"{office.ingest_url}/v1/keys", office.key, json=body)
    return issued


def rotate(office: Office, community: str, key_id: str, overlap_hours: int | None) -> dict[str, Any]:
    """Put a new access key in a key's place; the old one works for the overlap, or for as long as ingest says."""
    url = f"{office.ingest_url}/v1/communities/{community}/keys/{key_id}/rotate"
    body = {} if overlap_hours is None else {"overlap_hours": overlap_hours}
    rotated: dict[str, Any] = request("POST", url, office.key, json=body)
    return rotated


def add_person(
    office: Office,
    community: str,
    name: str,
    roles: Sequence[str],
    *,
    kind: str = "person",
    email: str | None = None,
) -> dict[str, Any]:
    """Add a person to a community; the answer has their `person_id`."""
    body = {"name": name, "roles": list(roles), "kind": kind} | ({"email": email} if email else {})
    url = f"{office.ingest_url}/v1/communities/{community}/people"
    added: dict[str, Any] = request("POST", url, office.key, json=body)
    return added


def set_roles(office: Office, community: str, person_id: str, roles: Sequence[str]) -> dict[str, Any]:
    """Say what a person is in a community: all of their roles there."""
    url = f"{office.ingest_url}/v1/communities/{community}/people/{person_id}/roles"
    changed: dict[str, Any] = request("PUT", url, office.key, json={"roles": list(roles)})
    return changed


def list_people(office: Office, community: str) -> list[dict[str, Any]]:
    """The people of a community."""
    return every_item(f"{office.ingest_url}/v1/communities/{community}/people", office.key)


def revoke(office: Office, community: str, key_id: str, *, even_unknown: bool = False) -> None:
    """Revoke an access key, everywhere and for good; `even_unknown`: also one that was never issued there."""
    url = f"{office.ingest_url}/v1/communities/{community}/keys/{key_id}"
    request("DELETE", url, office.key, params={"even_unknown": True} if even_unknown else None)


def list_keys(office: Office, community: str) -> list[dict[str, Any]]:
    """The access keys of a community, without their secrets."""
    return every_item(f"{office.ingest_url}/v1/communities/{community}/keys", office.key)


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
    state: StackState,
    community: str,
    name: str,
    scopes: Sequence[str],
    services: Iterable[str],
    person_id: str | None = None,
) -> Iterator[str]:
    """An access key of a local stack for as long as the block lasts, known to the `services` that it is for.

    It is the person's, or else the account's for which commands act.

    It is revoked when the block ends: by itself, by a failure, by Ctrl-C, or because the process is told to end.
    What a command that was killed could not revoke, the next one does.
    """
    local = local_people(state)
    office = local.office
    folder = state.directory / TEMPORARY_KEYS
    _revoke_left_behind(office, folder)

    def issued_and_noted() -> str:
        owner = person_id or commands_account(local, community)
        issued = issue(office, community, owner, name, scopes)
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
        _revoke_in_time(office, community, key_id)
    except click.ClickException as error:
        click.echo(
            f"The temporary key {key_id} is not revoked yet: {error.message}. The next command does it, or "
            f"`plaudit keys revoke {key_id} --community {community}`",
            err=True,
        )
    else:
        (folder / key_id).unlink(missing_ok=True)


def _revoke_in_time(office: Office, community: str, key_id: str) -> None:
    deadline = time.monotonic() + REVOKE_AGAIN_SECONDS
    while True:
        try:
            return revoke(office, community, key_id)
        except click.ClickException as error:
            decided = isinstance(error, Refused) and error.status < httpx.codes.INTERNAL_SERVER_ERROR
            if decided or time.monotonic() > deadline:
                raise
        time.sleep(REVOKE_POLL_SECONDS)


@dataclass(frozen=True)
class LocalPeople:
    """Who administers a local stack, and the account for which its commands act."""

    office: Office
    commands_id: str


def local_people(state: StackState) -> LocalPeople:
    """The accounts of a local stack's own, which the bootstrap key adds when they are first asked for.

    They are kept in the stack's directory, and made anew where ingest does not know them any more.
    """
    url = state.service_urls["ingest"]
    file = state.directory / LOCAL_PEOPLE
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = json.loads(file.read_text()) if file.exists() else {}
        if not kept or not knows(url, kept["key"]):
            kept = _added_local_people(Office(url, state.admin_key))
            write_private(file, json.dumps(kept))
    return LocalPeople(Office(url, kept["key"]), kept["commands_id"])


def _added_local_people(bootstrap: Office) -> dict[str, str]:
    added = add_person(bootstrap, INSTALLATION, "local administrator", [Role.ADMINISTRATOR], kind="service")
    key = issue(bootstrap, INSTALLATION, added["person_id"], "kept in the stack's directory", None)["key"]
    account = add_person(Office(bootstrap.ingest_url, key), INSTALLATION, "plaudit command", [], kind="service")
    return {"key": key, "commands_id": account["person_id"]}


def commands_account(local: LocalPeople, community: str) -> str:
    """The account for which a local stack's commands act, which may do everything in the community."""
    url = f"{local.office.ingest_url}/v1/communities/{community}/people/{local.commands_id}"
    try:
        roles = request("GET", url, local.office.key)["roles"]
    except Refused as refused:
        if refused.status != httpx.codes.NOT_FOUND:
            raise
        roles = []
    # Asked for each time, it would stand in the audit beside each command.
    if set(roles) != set(EVERY_ROLE):
        set_roles(local.office, community, local.commands_id, EVERY_ROLE)
    return local.commands_id


def key_id_of(key: str) -> str:
    """The id of an access key: plk_<id>_<secret>."""
    return key.removeprefix(KEY_PREFIX).partition("_")[0]


def said_key_id(said: str) -> str:
    """The id of a key that somebody names by it, or by the whole key: the secret goes no further than here."""
    return key_id_of(said) if said.startswith(KEY_PREFIX) else said


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
