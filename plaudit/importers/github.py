"""Webhook bodies as a code forge sends them, as activities.

Rules: `source` is `github:<repository id>`; the actor is the sender, `github:<user id>`, except that a
pushed commit belongs to its author; ids are derived from the object and the action, so that the same body
delivered twice is one event, and a deletion can name the event that the creation had:

    <kind>:<object id>:<action>                        created, opened, submitted, published, starred
    <kind>:<object id>:<action>[:<detail>]:<moment>    everything that can happen again

A star that was taken back and is given again is the same event again, with a restoration of its own.

Body formats: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

import hashlib
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from plaudit.importers.git import person_id
from plaudit.importers.records import Bad, Record, Skipped, Source, SourceError, actor, checked

#: The forge itself stops at 25 MB.
BODY_MAX_BYTES = 25 * 1024 * 1024
SIDECAR_SUFFIX = ".headers"
NOREPLY = re.compile(r"^(\d+)\+[^@]+@users\.noreply\.github\.com$", re.IGNORECASE)

Body = Mapping[str, Any]


class UnreadableError(Exception):
    """A body that lacks what its kind of event always has; the message names it."""


@dataclass(frozen=True)
class Kind:
    """How one kind of webhook becomes an activity.

    `subject` is the key of the body that holds what something was done to; `once` are the actions that
    happen once to an object; `taken_back` names the action whose event a `deleted` takes back.
    """

    type: str
    subject: str
    once: frozenset[str]
    taken_back: str | None = None


KINDS: Mapping[str, Kind] = {
    "issue_comment": Kind("code.comment.v1", "comment", frozenset({"created"}), "created"),
    "issues": Kind("code.issue.v1", "issue", frozenset({"opened"}), "opened"),
    "pull_request": Kind("code.pull_request.v1", "pull_request", frozenset({"opened"})),
    "pull_request_review": Kind("code.review.v1", "review", frozenset({"submitted", "dismissed"})),
    "release": Kind(
        "code.release.v1",
        "release",
        frozenset({"created", "published", "released", "prereleased"}),
        "published",
    ),
}
#: Which time of an object says when an action happened to it, best first.
TIMES: Mapping[str, tuple[str, ...]] = {
    "created": ("created_at",),
    "opened": ("created_at",),
    "closed": ("closed_at", "updated_at"),
    "submitted": ("submitted_at",),
    "published": ("published_at", "created_at"),
    "released": ("published_at", "created_at"),
    "prereleased": ("published_at", "created_at"),
}
TIMES_OTHERWISE = ("updated_at", "published_at", "submitted_at", "created_at")
#: What tells two actions of one second apart: the label, the person asked, the milestone.
DETAILS = ("label", "assignee", "milestone", "requested_reviewer", "requested_team")


def _get(body: Body, *path: str) -> Any:
    """What lies at a path of the body. Raises UnreadableError when a step of it is missing."""
    found: Any = body
    for step in path:
        if not isinstance(found, Mapping) or found.get(step) is None:
            raise UnreadableError(f"the body has no {'.'.join(path)}")
        found = found[step]
    return found


def _person(user: Any) -> dict[str, str] | None:
    """A forge user as an actor; None where the account is gone."""
    if not isinstance(user, Mapping) or not isinstance(user.get("id"), int):
        return None
    return actor(f"github:{user['id']}", user.get("login"))


def _sender(body: Body) -> dict[str, str]:
    sender = _person(body.get("sender"))
    if sender is None:
        raise UnreadableError("the body has no sender.id")
    return sender


def _moment(subject: Body, names: tuple[str, ...]) -> datetime:
    for name in names:
        value = subject.get(name)
        if isinstance(value, str):
            try:
                return datetime.fromisoformat(value)
            except ValueError:
                raise UnreadableError(f"{name} is not a time") from None
    raise UnreadableError(f"the body has none of the times {', '.join(names)}")


def _event(body: Body, event_type: str, event_id: str, moment: datetime, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "type": event_type,
        "source": f"github:{_get(body, 'repository', 'id')}",
        "id": event_id,
        "time": moment,
        "data": {"channel": "code"} | data,
    }


def _thing(thing_id: str, subject: Body) -> dict[str, Any]:
    thing: dict[str, Any] = {"id": thing_id}
    author = _person(subject.get("user") or subject.get("author"))
    if author:
        thing["author"] = author
    if isinstance(subject.get("html_url"), str):
        thing["url"] = subject["html_url"]
    return thing


def _retraction(body: Body, target_id: str, event_id: str, moment: datetime, thing: Any) -> dict[str, Any]:
    data = {
        "actor": _sender(body),
        "object": thing,
        "target": {"source": f"github:{_get(body, 'repository', 'id')}", "id": target_id},
        "reason": "deleted at its source",
    }
    return _event(body, "activity.retracted.v1", event_id, moment, data)


def _object_event(name: str, kind: Kind, body: Body) -> dict[str, Any]:
    """The event of everything that is done to an object: comment, issue, pull request, review, release."""
    action = str(_get(body, "action"))
    subject = _get(body, kind.subject)
    key = f"{name}:{_get(body, kind.subject, 'id')}"
    moment = _moment(subject, TIMES.get(action, TIMES_OTHERWISE))
    if action == "deleted" and kind.taken_back:
        thing = _thing(key, subject)
        return _retraction(body, f"{key}:{kind.taken_back}", f"{key}:deleted", moment, thing)
    data: dict[str, Any] = {
        "actor": _sender(body),
        "repository": _get(body, "repository", "full_name"),
        "action": action,
        "object": _thing(key, subject),
    }
    if name == "issue_comment":
        data["in_reply_to"] = _thing(f"issues:{_get(body, 'issue', 'id')}", _get(body, "issue"))
    elif name == "pull_request":
        data["merged"] = bool(subject.get("merged"))
    elif name == "pull_request_review":
        pull_request = _get(body, "pull_request")
        data["object"] = _thing(f"pull_request:{_get(pull_request, 'id')}", pull_request)
        data["state"] = str(_get(subject, "state"))
    event_id = f"{key}:{action}"
    if action not in kind.once:
        parts = [event_id, *_details(body)]
        parts.append(str(subject.get("updated_at") or _digest(body)))
        event_id = ":".join(parts)
    return _event(body, kind.type, event_id, moment, data)


def _details(body: Body) -> Iterator[str]:
    for detail in DETAILS:
        value = body.get(detail)
        if isinstance(value, Mapping) and value.get("id") is not None:
            yield str(value["id"])
    if isinstance(body.get("after"), str):
        yield body["after"][:12]


def _digest(body: Body) -> str:
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _star(body: Body) -> Iterator[dict[str, Any]]:
    """A star, or its being taken back; there is one star a person and repository, so its id needs no time.

    Who gives it again gives the same: a body does not say whether it was there before, or which is taken back.
    So each giving is the star, and says that it counts from then on.
    """
    action = str(_get(body, "action"))
    repository = _get(body, "repository")
    key = f"star:{_get(repository, 'id')}:{_get(body, 'sender', 'id')}"
    star_id = f"{key}:created"
    thing = _thing(f"repository:{repository['id']}", repository | {"user": repository.get("owner")})
    if action == "deleted":
        moment = _moment(repository, ("updated_at",))
        yield _retraction(body, star_id, f"{key}:deleted:{moment.isoformat()}", moment, thing)
        return
    data = {
        "actor": _sender(body),
        "repository": _get(repository, "full_name"),
        "action": action,
        "object": thing,
    }
    moment = _moment(body, ("starred_at",))
    yield _event(body, "code.star.v1", f"{key}:{action}", moment, data)
    again = {
        "actor": _sender(body),
        "object": thing,
        "target": {"source": f"github:{repository['id']}", "id": star_id},
        "reason": "starred",
    }
    yield _event(body, "activity.restored.v1", f"{star_id}:{moment.isoformat()}", moment, again)


def _commits(place: str, body: Body) -> Iterator[Record]:
    """One event a pushed commit; its id is the SHA, so that a commit pushed to two branches is one event."""
    commits = body.get("commits")
    if not isinstance(commits, list):
        raise UnreadableError("the body has no commits")
    if not commits:
        yield Skipped(place, "push without commits (a tag, or a branch created or deleted)")
    for commit in commits:
        try:
            yield checked(place, _commit(body, commit))
        except UnreadableError as error:
            yield Bad(place, str(error))


def _commit(body: Body, commit: Body) -> dict[str, Any]:
    sha = str(_get(commit, "id"))
    thing = {"id": sha} | ({"url": commit["url"]} if commit.get("url") else {})
    changed = [commit.get(part) for part in ("added", "removed", "modified")]
    data: dict[str, Any] = {
        "actor": _commit_author(_get(commit, "author"), _get(body, "sender")),
        "repository": _get(body, "repository", "full_name"),
        "object": thing,
        "files_changed": sum(len(part) for part in changed if isinstance(part, list)),
    }
    return _event(body, "code.commit.v1", sha, _moment(commit, ("timestamp",)), data)


def _commit_author(author: Any, sender: Any) -> dict[str, str]:
    """Who wrote a commit: the sender, another forge user, or only an address (which is hashed)."""
    if not isinstance(author, Mapping) or not isinstance(sender, Mapping):
        raise UnreadableError("the body has no author or no sender")
    if author.get("username") and author["username"] == sender.get("login"):
        person = _person(sender)
        if person:
            return person
    email = str(author.get("email") or "")
    name = str(author.get("name") or author.get("username") or "")
    noreply = NOREPLY.match(email)
    return actor(f"github:{noreply[1]}" if noreply else person_id(email, name), name)


def map_body(event_name: str, body: Body, place: str) -> Iterator[Record]:
    """The events of one webhook body, or why there are none. `event_name` is X-GitHub-Event's value."""
    sender, changes = body.get("sender"), body.get("changes")
    try:
        if event_name not in {"push", "star"} and event_name not in KINDS:
            yield Skipped(place, f"no activity for the webhook event {event_name!r}")
        elif isinstance(sender, Mapping) and sender.get("type") == "Bot":
            yield Skipped(place, "the sender is a bot")
        elif isinstance(changes, Mapping) and "old_issue" in changes:
            yield Skipped(place, "an issue moved here from another repository is not a new one")
        elif event_name == "push":
            yield from _commits(place, body)
        elif event_name == "star":
            for event in _star(body):
                yield checked(place, event)
        else:
            yield checked(place, _object_event(event_name, KINDS[event_name], body))
    except UnreadableError as error:
        yield Bad(place, str(error))


def event_name_of(path: Path) -> str:
    """X-GitHub-Event from the file beside the body, `<name>.headers`, or the body's own name up to a dot."""
    sidecar = path.with_suffix(SIDECAR_SUFFIX)
    if sidecar.is_file():
        for line in sidecar.read_text(encoding="utf-8-sig", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip().lower() == "x-github-event":
                return value.strip()
    return path.name.split(".", 1)[0]


def open_directory(path: Path) -> Source:
    """Every `*.json` under a directory, in order of name, as a source of records. Raises SourceError."""
    if not path.is_dir():
        raise SourceError(f"{path}: there is no such directory")
    files = sorted(path.rglob("*.json"))
    if not files:
        raise SourceError(f"{path}: there is no file *.json in this directory")
    progress = _Progress()
    return Source(_records(path, files, progress.step), len(files), lambda: progress.count)


@dataclass
class _Progress:
    count: int = 0

    def step(self) -> None:
        self.count += 1


def _records(directory: Path, files: list[Path], step: Callable[[], None]) -> Iterator[Record]:
    for file in files:
        place = str(file.relative_to(directory))
        step()
        if file.stat().st_size > BODY_MAX_BYTES:
            yield Bad(place, f"the body is larger than {BODY_MAX_BYTES} bytes")
            continue
        try:
            body = orjson.loads(file.read_bytes().removeprefix(BOM_UTF8))
        except ValueError:
            yield Bad(place, "the body is not JSON")
            continue
        if not isinstance(body, dict):
            yield Bad(place, "the body is not a JSON object")
            continue
        yield from map_body(event_name_of(file), body, place)
