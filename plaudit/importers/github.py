"""Webhook bodies as a code forge sends them, as activities.

Rules: `source` is `github:<repository id>`, with the host where that is not github.com; the actor is the sender,
except that a pushed commit belongs to its author; ids are derived from the object and the action, so that the same
body delivered twice is one event, and a deletion can name the event that the creation had:

    <kind>:<object id>:<action>                        created, opened, submitted, published, starred
    <kind>:<object id>:<action>[:<detail>]:<moment>    everything that can happen again
    <sha>, <sha>@<ref>                                 a commit on the default branch, on another

A star that was taken back and is given again is the same event again, with a restoration of its own.

Body formats: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from connectors.commits import co_authors_of, is_merge, is_squash
from connectors.people import account_id, account_of, author_of, host_of, is_placeholder
from plaudit.importers.commits import commit_events
from plaudit.importers.records import Bad, Record, Skipped, Unsupported, checked

Body = Mapping[str, Any]

MAIN_HOST = "github.com"
#: What a forge sends to try a webhook: nobody did anything.
WITHOUT_ACTIVITY = frozenset({"ping"})
#: A merge has two parents; a push does not say more of them.
MERGE_PARENTS_COUNT = 2
BRANCH_PREFIX = "refs/heads/"
REF_MAX_CHARS = 200


class UnreadableError(Exception):
    """A body that lacks what its kind of event always has; the message names it."""


class NobodyError(Exception):
    """A body of which no person is the author, and that nobody could earn anything for; the message says why."""


@dataclass(frozen=True)
class Origin:
    """Where bodies come from: the forge's host, and the salt that goes before an address that is hashed."""

    host: str = MAIN_HOST
    salt: str = ""

    def of(self, body: Body) -> "Origin":
        """Where one body comes from, as its repository's address says."""
        repository = body.get("repository")
        said = _mapping(repository)
        return Origin(host_of(said.get("html_url"), said.get("url")) or self.host, self.salt)


def _mapping(value: Any) -> Body:
    return value if isinstance(value, Mapping) else {}


@dataclass(frozen=True)
class Kind:
    """How one kind of webhook becomes an activity.

    `subject` is the key of the body that holds what something was done to; `once` are the actions that
    happen once to an object; `taken_back` names the action whose event one of `takes_back` takes back.
    """

    type: str
    subject: str
    once: frozenset[str]
    taken_back: str | None = None
    takes_back: str = "deleted"


KINDS: Mapping[str, Kind] = {
    "issue_comment": Kind("code.comment.v1", "comment", frozenset({"created"}), "created"),
    "issues": Kind("code.issue.v1", "issue", frozenset({"opened"}), "opened"),
    "pull_request": Kind("code.pull_request.v1", "pull_request", frozenset({"opened"})),
    "pull_request_review": Kind(
        "code.review.v1", "review", frozenset({"submitted"}), "submitted", takes_back="dismissed"
    ),
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
REASONS: Mapping[str, str] = {"deleted": "deleted at its source", "dismissed": "dismissed at its source"}
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


def _sender(body: Body, origin: Origin) -> dict[str, Any]:
    """Who did it. Raises UnreadableError when nobody is named, NobodyError for a placeholder."""
    sender = body.get("sender")
    if is_placeholder(sender, origin.host):
        raise NobodyError("done by an account that is gone")
    person = account_of(sender, origin.host)
    if person is None and isinstance(_mapping(sender).get("id"), int):
        raise NobodyError("done by an account that is no person's")
    if person is None:
        raise UnreadableError("the body has no sender.id")
    return person


def _moment(subject: Body, names: tuple[str, ...]) -> datetime:
    for name in names:
        value = subject.get(name)
        if isinstance(value, str):
            try:
                return datetime.fromisoformat(value)
            except ValueError:
                raise UnreadableError(f"{name} is not a time") from None
    raise UnreadableError(f"the body has none of the times {', '.join(names)}")


def _source(body: Body, origin: Origin) -> str:
    number = _get(body, "repository", "id")
    if not isinstance(number, int):
        raise UnreadableError("repository.id is not a number")
    return account_id(origin.host, number)


def _event(
    body: Body, origin: Origin, event_type: str, event_id: str, moment: datetime, data: dict[str, Any]
) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "type": event_type,
        "source": _source(body, origin),
        "id": event_id,
        "time": moment,
        "data": {"channel": "code"} | data,
    }


def _thing(thing_id: str, subject: Body, origin: Origin) -> dict[str, Any]:
    thing: dict[str, Any] = {"id": thing_id}
    author = account_of(subject.get("user") or subject.get("author"), origin.host)
    if author:
        thing["author"] = author
    if isinstance(subject.get("html_url"), str):
        thing["url"] = subject["html_url"]
    return thing


def _retraction(
    body: Body, origin: Origin, target_id: str, event_id: str, moment: datetime, thing: Any, reason: str
) -> dict[str, Any]:
    data = {
        "actor": _sender(body, origin),
        "object": thing,
        "target": {"source": _source(body, origin), "id": target_id},
        "reason": reason,
    }
    return _event(body, origin, "activity.retracted.v1", event_id, moment, data)


def _with_a_person(event: dict[str, Any]) -> dict[str, Any]:
    """The event. Raises NobodyError when only bots take part in it."""
    data = event["data"]
    people = [data["actor"], *(data[name].get("author") for name in ("object", "in_reply_to") if name in data)]
    if all(one is None or one.get("bot") for one in people):
        raise NobodyError("only bots take part")
    return event


def _object_event(name: str, kind: Kind, body: Body, origin: Origin) -> dict[str, Any]:
    """The event of everything that is done to an object: comment, issue, pull request, review, release."""
    action = str(_get(body, "action"))
    subject = _get(body, kind.subject)
    key = f"{name}:{_get(body, kind.subject, 'id')}"
    if action == kind.takes_back and kind.taken_back:
        moment = _taken_back_at(body, subject)
        thing = _thing(key, subject, origin)
        return _retraction(
            body, origin, f"{key}:{kind.taken_back}", f"{key}:{action}", moment, thing, REASONS[action]
        )
    data: dict[str, Any] = {
        "actor": _sender(body, origin),
        "repository": _get(body, "repository", "full_name"),
        "action": action,
        "object": _thing(key, subject, origin),
    }
    if name == "issue_comment":
        data["in_reply_to"] = _thing(f"issues:{_get(body, 'issue', 'id')}", _get(body, "issue"), origin)
    elif name == "pull_request":
        data["merged"] = bool(subject.get("merged"))
    elif name == "pull_request_review":
        pull_request = _get(body, "pull_request")
        data["object"] = _thing(f"pull_request:{_get(pull_request, 'id')}", pull_request, origin)
        data["state"] = str(_get(subject, "state"))
    event_id = f"{key}:{action}"
    if action not in kind.once:
        parts = [event_id, *_details(body)]
        parts.append(str(subject.get("updated_at") or _digest(body)))
        event_id = ":".join(parts)
    moment = _moment(subject, TIMES.get(action, TIMES_OTHERWISE))
    return _with_a_person(_event(body, origin, kind.type, event_id, moment, data))


def _taken_back_at(body: Body, subject: Body) -> datetime:
    """When something was taken back: as late as the body has a time for it, of the object or what it is about."""
    found = []
    for holder in map(_mapping, (subject, body.get("pull_request"), body.get("issue"))):
        if any(isinstance(holder.get(name), str) for name in TIMES_OTHERWISE):
            found.append(_moment(holder, TIMES_OTHERWISE))
    if not found:
        raise UnreadableError(f"the body has none of the times {', '.join(TIMES_OTHERWISE)}")
    return max(found, key=datetime.timestamp)


def _details(body: Body) -> Iterator[str]:
    for detail in DETAILS:
        value = body.get(detail)
        if isinstance(value, Mapping) and value.get("id") is not None:
            yield str(value["id"])
    if isinstance(body.get("after"), str):
        yield body["after"][:12]


def _digest(body: Body) -> str:
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _star(body: Body, origin: Origin) -> Iterator[dict[str, Any]]:
    """A star, or its being taken back; there is one star a person and repository, so its id needs no time.

    Who gives it again gives the same: a body does not say whether it was there before, or which is taken back.
    So each giving is the star, and says that it counts from then on.
    """
    action = str(_get(body, "action"))
    repository = _get(body, "repository")
    key = f"star:{_get(repository, 'id')}:{_get(body, 'sender', 'id')}"
    star_id = f"{key}:created"
    thing = _thing(f"repository:{repository['id']}", repository | {"user": repository.get("owner")}, origin)
    if action == "deleted":
        moment = _moment(repository, ("updated_at",))
        taken_back = f"{key}:deleted:{moment.isoformat()}"
        yield _retraction(body, origin, star_id, taken_back, moment, thing, REASONS[action])
        return
    data = {
        "actor": _sender(body, origin),
        "repository": _get(repository, "full_name"),
        "action": action,
        "object": thing,
    }
    moment = _moment(body, ("starred_at",))
    event = _event(body, origin, "code.star.v1", f"{key}:{action}", moment, data)
    if data["actor"].get("bot"):
        raise NobodyError("only bots take part")
    yield event
    again = {
        "actor": data["actor"],
        "object": thing,
        "target": {"source": event["source"], "id": star_id},
        "reason": "starred",
    }
    yield _event(body, origin, "activity.restored.v1", f"{star_id}:{moment.isoformat()}", moment, again)


def _commits(place: str, body: Body, origin: Origin) -> Iterator[Record]:
    """The events of each pushed commit: of its author and co-authors."""
    commits = body.get("commits")
    if not isinstance(commits, list):
        raise UnreadableError("the body has no commits")
    if not commits:
        yield Skipped(place, "push without commits (a tag, or a branch created or deleted)")
    for commit in commits:
        try:
            yield from _commit(place, body, commit, origin)
        except UnreadableError as error:
            yield Bad(place, str(error))


def _commit(place: str, body: Body, commit: Body, origin: Origin) -> Iterator[Record]:
    sha = str(_get(commit, "id"))
    author = _mapping(_get(commit, "author"))
    if not author:
        raise UnreadableError("the commit has no author")
    message = str(commit.get("message") or "")
    committer = _mapping(commit.get("committer"))
    changed = [commit.get(part) for part in ("added", "removed", "modified")]
    data: dict[str, Any] = {
        "repository": _get(body, "repository", "full_name"),
        "object": {"id": sha} | ({"url": commit["url"]} if commit.get("url") else {}),
        "files_changed": sum(len(part) for part in changed if isinstance(part, list)),
    } | _pushed(body, commit)
    if is_merge(message):
        data["parents"] = MERGE_PARENTS_COUNT
    elif is_squash(message, str(committer.get("email") or "")):
        data["squash"] = True
    # A branch may be rebased and squashed before it is merged, or never be: what it had is not what the default
    # branch has, and must not be in its way.
    event_id = sha if data.get("default_branch", True) else f"{sha}@{data['ref']}"
    event = _event(body, origin, "code.commit.v1", event_id, _moment(commit, ("timestamp",)), data)
    login = str(author.get("username") or "")
    who = author_of(str(author.get("name") or login), str(author.get("email") or ""), origin.salt, login=login)
    others = [author_of(*contact, origin.salt) for contact in co_authors_of(message)]
    yield from commit_events(place, event, who, others)


def _pushed(body: Body, commit: Body) -> dict[str, Any]:
    """What a rule needs to tell a branch, rewritten history, and a commit that was elsewhere, where it is said."""
    said: dict[str, Any] = {}
    ref = body.get("ref")
    if isinstance(ref, str) and ref:
        said["ref"] = ref[:REF_MAX_CHARS]
        default = _get(body, "repository").get("default_branch") or _get(body, "repository").get("master_branch")
        if isinstance(default, str):
            said["default_branch"] = ref == BRANCH_PREFIX + default
    for name, holder in (("forced", body), ("distinct", commit)):
        if isinstance(holder.get(name), bool):
            said[name] = holder[name]
    return said


def map_body(event_name: str, body: Body, place: str, origin: Origin | None = None) -> Iterator[Record]:
    """The events of one webhook body, or why there are none. `event_name` is X-GitHub-Event's value."""
    changes = body.get("changes")
    origin = (origin or Origin()).of(body)
    try:
        if event_name in WITHOUT_ACTIVITY:
            yield Skipped(place, "the forge tried the webhook")
        elif event_name not in {"push", "star"} and event_name not in KINDS:
            yield Unsupported(place, f"no activity is known for the webhook event {event_name!r}")
        elif isinstance(changes, Mapping) and "old_issue" in changes:
            yield Skipped(place, "an issue moved here from another repository is not a new one")
        elif event_name == "push":
            yield from _commits(place, body, origin)
        elif event_name == "star":
            for event in _star(body, origin):
                yield checked(place, event)
        else:
            yield checked(place, _object_event(event_name, KINDS[event_name], body, origin))
    except UnreadableError as error:
        yield Bad(place, str(error))
    except NobodyError as error:
        yield Skipped(place, str(error))
