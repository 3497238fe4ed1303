"""Who a mailmap says is the same person.

Events name people as their commits do, so that a mailmap that is added later changes no event: what it says is
told apart from them. An address that it gives to several people, by their names, is none that somebody could be
known by: commits with it are theirs whom the mailmap names.
"""

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from connectors.commits import parsed
from connectors.people import Who, author_of, handle_of
from plaudit.importers.records import SamePerson
from plaudit.importers.repositories import Mailmap, command, environment, has_mailmap, tokens

_FORMAT = "%an%x00%ae%x00%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x1f)"
_FIELD_COUNT = 3

Contact = tuple[str, str]  # name and address, as a commit or a trailer has them


@dataclass(frozen=True)
class Aliases:
    """`people` of several ids or with a name to show, and `shared`: whose address stands for several people."""

    people: tuple[SamePerson, ...] = ()
    shared: frozenset[str] = frozenset()


class _Alias(NamedTuple):
    said: Who
    proper: Who


def aliases_of(path: Path, revision: str, salt: str) -> Aliases:
    """What the mailmap, if there is one, and forges' addresses say of everybody in the history of `revision`."""
    contacts = sorted(_contacts(path, revision))
    if not has_mailmap(path):
        return aliases({contact: contact for contact in contacts}, salt)
    with Mailmap(path) as mailmap:
        return aliases({contact: mailmap.lookup(*contact) for contact in contacts}, salt)


def aliases(contacts: Mapping[Contact, Contact], salt: str) -> Aliases:
    """What follows from who each contact properly is."""
    by_contact = {
        contact: _Alias(said, proper)
        for contact, proper_contact in contacts.items()
        if (said := author_of(*contact, salt)) is not None
        and (proper := author_of(*proper_contact, salt)) is not None
        and not (said.is_bot or proper.is_bot)
    }
    numbered = {
        handle[:2]: alias.proper
        for (_, email), alias in by_contact.items()
        if (handle := handle_of(email)) is not None and handle.is_numbered
    }
    found = []
    for (_, email), alias in by_contact.items():
        handle = handle_of(email)
        account = None if handle is None or handle.is_numbered else numbered.get(handle[:2])
        # The address of an account's early days is the account's too, unless the mailmap has it otherwise.
        is_mapped = alias.said.id != alias.proper.id
        found.append(alias if account is None or is_mapped else alias._replace(proper=account))
    proper_ids: dict[str, set[str]] = {}
    for alias in found:
        proper_ids.setdefault(alias.said.id, set()).add(alias.proper.id)
    shared = frozenset(said for said, proper in proper_ids.items() if len(proper) > 1)
    return Aliases(tuple(_people(alias for alias in found if alias.said.id not in shared)), shared)


def _people(found: Iterable[_Alias]) -> list[SamePerson]:
    ids: dict[str, set[str]] = {}
    names: dict[str, str] = {}
    for said, proper in found:
        if said.id != proper.id or said.name != proper.name:
            ids.setdefault(proper.id, {proper.id}).add(said.id)
            names[proper.id] = proper.name
    return [SamePerson((one, *sorted(ids[one] - {one})), names[one] or None) for one in sorted(ids)]


def _contacts(path: Path, revision: str) -> set[Contact]:
    contacts: set[Contact] = set()
    with subprocess.Popen(
        command(path, "log", "-z", "--encoding=UTF-8", f"--format={_FORMAT}", "--end-of-options", revision, "--"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # whoever reads the history itself is told
        stdin=subprocess.DEVNULL,
        env=environment(),
    ) as process:
        fields: list[str] = []
        for token in () if process.stdout is None else tokens(process.stdout):
            fields.append(token.decode("utf-8", "surrogateescape"))
            if len(fields) == _FIELD_COUNT:
                name, email, trailers = fields
                contacts.add((name, email))
                contacts.update(parsed(trailers.split("\x1f")))
                fields = []
    return contacts
