"""What a commit's message says beside its subject, and who made it: alike by git and by webhook."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any

from connectors.failures import MappingError
from connectors.people import Who, author_of

#: Trailers of one commit that count; beyond it, somebody is playing.
CO_AUTHORS_MAX_COUNT = 50
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
    folded: list[list[str]] = []
    for line in block.split("\n"):
        if line[:1] in (" ", "\t") and folded:
            folded[-1].append(line.strip())
        else:
            folded.append([line])
    lines = [" ".join(parts) for parts in folded]
    trailers = [line for line in lines if _TRAILER.match(line) or _GENERATED.match(line)]
    is_generated = any(_GENERATED.match(line) for line in trailers)
    if len(trailers) < len(lines) and not (is_generated and len(trailers) * 4 >= len(lines)):
        return []
    return parsed(found["who"] for line in trailers if (found := _CO_AUTHOR.match(line)))


def parsed(contacts: Iterable[str]) -> list[tuple[str, str]]:
    """Name and address of each contact that is one."""
    found = [contact_of(contact) for contact in islice(contacts, CO_AUTHORS_MAX_COUNT)]
    return [one for one in found if one is not None]


def contact_of(text: str) -> tuple[str, str] | None:
    """Name and address of `Name <address>`; None for what is none.

    By no regular expression: of many blanks one that tries each takes hours.
    """
    name, sign, rest = text.strip().partition("<")
    if not sign or not rest.endswith(">") or ">" in rest[:-1]:
        return None
    return name.strip(), rest[:-1]


def is_merge(message: str) -> bool:
    """Whether a message is that of a merge, for who is not told the parents."""
    return _MERGE.match(message) is not None


def is_squash(message: str, committer_email: str) -> bool:
    """Whether a forge made one commit of a whole pull request."""
    subject = message.partition("\n")[0].rstrip()
    return committer_email.lower() in _FORGE_COMMITTERS and bool(_SQUASH.search(subject)) and not is_merge(message)


def people_of(author: Who | None, others: Iterable[Who | None]) -> dict[str, tuple[Who, bool]]:
    """Who made a commit, each once, bots too: by id, and whether as a co-author."""
    people: dict[str, tuple[Who, bool]] = {}
    if author is not None:
        people[author.id] = (author, False)
    for other in others:
        if other is not None:
            people.setdefault(other.id, (other, True))
    return people


def co_author_suffix(who: Who) -> str:
    """What stands behind a commit's id in the event of a co-author."""
    return f"#co{who.id.removeprefix('git:')}"


def commit_people(commit: Any, salt: str) -> list[dict[str, Any]]:
    """Author and co-authors of a pushed commit, people alone: `who` as an actor, `co_author`, `suffix` for the id.

    An author who is null is nobody. Raises MappingError for what is no commit.
    """
    if not isinstance(commit, dict) or "author" not in commit:
        raise MappingError("the commit has no author")
    author = commit["author"] or {}
    if not isinstance(author, dict):
        raise MappingError("the commit's author is none")
    message = str(commit.get("message") or "")
    login = str(author.get("username") or "")
    who = author_of(str(author.get("name") or login), str(author.get("email") or ""), salt, login=login)
    others = [author_of(*contact, salt) for contact in co_authors_of(message)]
    return [
        {"who": one.said, "co_author": is_co_author, "suffix": co_author_suffix(one) if is_co_author else ""}
        for one, is_co_author in people_of(who, others).values()
        if not one.is_bot
    ]
