"""What a commit's message says beside its subject, and the events of a commit: alike by git and by webhook."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from plaudit.importers.people import Who
from plaudit.importers.records import Mapped, Record, Skipped, checked

#: Trailers of one commit that count; beyond it, somebody is playing.
CO_AUTHORS_MAX_COUNT = 50
PERSON = re.compile(r"^\s*(?P<name>[^<]*?)\s*<(?P<email>[^>]*)>\s*$")
_TRAILER = re.compile(r"^[A-Za-z0-9-]+[ \t]*:")
_CO_AUTHOR = re.compile(r"^co-authored-by[ \t]*:(?P<who>.*)$", re.IGNORECASE | re.DOTALL)
_GENERATED = re.compile(r"^(signed-off-by: |\(cherry picked from commit )", re.IGNORECASE)
#: How git and the forges begin the message of a merge.
_MERGE = re.compile(
    r"^(Merge (pull request #\d+ from |(remote-tracking )?branch(es)? |tags? |commits? "
    r"|[0-9a-f]{7,64} into )|Merged in \S+ \(pull request #\d+\)|Merge '[^']+' into )"
)
#: A forge puts the number of the pull request behind the subject when it squashes one.
_SQUASH = re.compile(r" \(#\d+\)$")
_FORGE_COMMITTERS = frozenset({"noreply@github.com"})


def co_authors_of(message: str) -> list[tuple[str, str]]:
    """Name and address of each Co-authored-by trailer of a message, of its last block, as git has it."""
    *before, block = re.split(r"\n[ \t]*\n", message.replace("\r\n", "\n").strip())
    if not before:
        return []
    lines: list[str] = []
    for line in block.split("\n"):
        if line[:1] in (" ", "\t") and lines:
            lines[-1] += " " + line.strip()  # a folded one
        else:
            lines.append(line)
    trailers = [line for line in lines if _TRAILER.match(line) or _GENERATED.match(line)]
    is_generated = any(_GENERATED.match(line) for line in trailers)
    if len(trailers) < len(lines) and not (is_generated and len(trailers) * 4 >= len(lines)):
        return []
    return parsed(found["who"] for line in trailers if (found := _CO_AUTHOR.match(line)))


def parsed(contacts: Iterable[str]) -> list[tuple[str, str]]:
    """Name and address of each contact that is one."""
    found = [PERSON.match(contact) for contact in list(contacts)[:CO_AUTHORS_MAX_COUNT]]
    return [(one["name"], one["email"]) for one in found if one]


def is_merge(message: str) -> bool:
    """Whether a message is that of a merge, for who is not told the parents."""
    return _MERGE.match(message) is not None


def is_squash(message: str, committer_email: str) -> bool:
    """Whether a forge made one commit of a whole pull request."""
    subject = message.partition("\n")[0].rstrip()
    return committer_email.lower() in _FORGE_COMMITTERS and bool(_SQUASH.search(subject)) and not is_merge(message)


def commit_events(
    place: str, event: Mapping[str, Any], author: Who | None, others: Iterable[Who | None]
) -> Iterator[Record]:
    """The event of a commit's author and one for each co-author: people alone, each once.

    `event` has everything but who it was. Raises nothing: what breaks the contract is a record of its own.
    """
    people: dict[str, tuple[Who, bool]] = {}
    if author is not None:
        people[author.id] = (author, False)
    for other in others:
        if other is not None:
            people.setdefault(other.id, (other, True))
    persons = [(who, is_co_author) for who, is_co_author in people.values() if not who.is_bot]
    if not persons:
        yield Skipped(place, "made by a bot" if people else "made by nobody who is known")
    for who, is_co_author in persons:
        data = event["data"] | {"actor": who.said}
        event_id = event["id"]
        if is_co_author:
            event_id = f"{event_id}#co{who.id.removeprefix('git:')}"
            data["attributes"] = data.get("attributes", {}) | {"co_author": True}
        record = checked(place, dict(event) | {"id": event_id, "data": data})
        yield record
        if not isinstance(record, Mapped):
            return
