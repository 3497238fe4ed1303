"""A directory of webhook bodies, one a file, as a source of records."""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from connectors.people import account_id, is_bot, person_id
from plaudit.importers.github import Origin, map_body
from plaudit.importers.records import Bad, Record, SamePerson, Source, SourceError

#: The forge itself stops at 25 MB.
BODY_MAX_BYTES = 25 * 1024 * 1024
SIDECAR_SUFFIX = ".headers"
#: Where a body has accounts with their login and id.
ACCOUNTS = (
    ("sender",),
    *((part, "user") for part in ("issue", "comment", "pull_request", "review")),
    ("release", "author"),
    ("repository", "owner"),
)


def open_directory(path: Path, salt: str = "") -> Source:
    """Every `*.json` under a directory, in order of name, as a source of records. Raises SourceError."""
    if not path.is_dir():
        raise SourceError(f"{path}: there is no such directory")
    files = sorted(path.rglob("*.json"))
    if not files:
        raise SourceError(f"{path}: there is no file *.json in this directory")
    progress = _Progress()
    people = tuple(_people(files, salt))
    return Source(_records(path, files, salt, progress.step), len(files), lambda: progress.count, people)


def event_name_of(path: Path) -> str:
    """X-GitHub-Event from the file beside the body, `<name>.headers`, or the body's own name up to a dot."""
    return _header(path, "x-github-event") or path.name.split(".", 1)[0]


def _header(path: Path, wanted: str) -> str | None:
    sidecar = path.with_suffix(SIDECAR_SUFFIX)
    if sidecar.is_file():
        for line in sidecar.read_text(encoding="utf-8-sig", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip().lower() == wanted:
                return value.strip()
    return None


def _origin(path: Path, salt: str) -> Origin:
    return Origin(_header(path, "x-github-enterprise-host") or Origin.host, salt)


@dataclass
class _Progress:
    count: int = 0

    def step(self) -> None:
        self.count += 1


def _read(file: Path) -> dict[str, Any] | str:
    """A body, or what is wrong with it."""
    if file.stat().st_size > BODY_MAX_BYTES:
        return f"the body is larger than {BODY_MAX_BYTES} bytes"
    try:
        body = orjson.loads(file.read_bytes().removeprefix(BOM_UTF8))
    except ValueError:
        return "the body is not JSON"
    return body if isinstance(body, dict) else "the body is not a JSON object"


def _records(directory: Path, files: list[Path], salt: str, step: Callable[[], None]) -> Iterator[Record]:
    for file in files:
        place = str(file.relative_to(directory))
        step()
        body = _read(file)
        if isinstance(body, str):
            yield Bad(place, body)
        else:
            yield from map_body(event_name_of(file), body, place, _origin(file, salt))


def _people(files: list[Path], salt: str) -> Iterator[SamePerson]:
    """Whose accounts the authors of pushed commits have, where the bodies say both a login and its id."""
    accounts: dict[tuple[str, str], int] = {}
    authors: set[tuple[str, str, str]] = set()
    for file in files:
        body = _read(file)
        if isinstance(body, str):
            continue
        host = _origin(file, salt).of(body).host
        for path in ACCOUNTS:
            user: Any = body
            for step in path:
                user = user.get(step) if isinstance(user, dict) else None
            if isinstance(user, dict) and isinstance(user.get("id"), int) and user.get("type") != "Organization":
                accounts[host, str(user.get("login")).lower()] = user["id"]
        commits = body.get("commits")
        for commit in commits if isinstance(commits, list) else ():
            author = commit.get("author") if isinstance(commit, dict) else None
            if isinstance(author, dict) and author.get("username") and author.get("email"):
                login, email = str(author["username"]), str(author["email"])
                if not is_bot(str(author.get("name")), email, login):
                    authors.add((host, login.lower(), email))
    addresses: dict[str, set[str]] = {}
    for host, login, email in authors:
        if (host, login) in accounts:
            account = account_id(host, accounts[host, login])
            addresses.setdefault(account, set()).add(person_id(email, "", salt))
    for account, ids in sorted(addresses.items()):
        if ids - {account}:
            yield SamePerson((account, *sorted(ids - {account})))
