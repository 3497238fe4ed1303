"""Commits of any git repository as activities, read with `git log` while it runs.

Rules: one code.commit.v1 per commit, its id is the commit's SHA, its time the author date (UTC), its actor who
the author's address says (connectors.people). Everybody in a `Co-authored-by` trailer gets an event of
their own, with the id `<sha>#co<id>`. Bots get none. What the mailmap says is told apart from the events.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from connectors.commits import is_squash, parsed
from connectors.people import Who, author_of
from plaudit.importers.commits import commit_events
from plaudit.importers.mailmaps import Aliases, aliases_of
from plaudit.importers.records import Bad, Record, Source, SourceError
from plaudit.importers.repositories import (
    Mailmap,
    ask,
    command,
    environment,
    has_commits,
    revisions,
    shallow_commits,
    tokens,
)

FIELDS = (
    "%H%x00%P%x00%at%x00%ct%x00%an%x00%ae%x00%ce%x00%s%x00"
    "%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x1f)"
)
FIELD_COUNT = 9
SHORTSTAT = re.compile(
    rb"(\d+) files? changed(?:, (\d+) insertions?\(\+\))?(?:, (\d+) deletions?\(-\))?",
)


@dataclass(frozen=True)
class GitOptions:
    """What to read: `revision` (a branch, tag or range), with numbers of lines (`stat`), as which `source`.

    `salt` goes before the address that is hashed; the same salt must be used for every import of a
    community. `repository` is the name events carry; without it they carry none.
    """

    revision: str = "HEAD"
    stat: bool = False
    salt: str = ""
    source: str | None = None
    repository: str | None = None


def open_repository(path: Path, options: GitOptions) -> Source:
    """The commits of a repository, oldest first, as a source of records, with what the mailmap says of people.

    Works on bare and shallow repositories; one without commits gives no records. Raises SourceError when
    `path` is no repository or the revision is not in it.
    """
    source = source_of(path, options)
    if source is None:
        return Source(iter(()), 0)
    total = int(revisions(path, options.revision, "--count"))
    aliases = aliases_of(path, options.revision, options.salt)
    reader = _Reader(path, options, source, aliases)
    return Source(reader.records(), total, lambda: reader.commits_count, aliases.people)


def source_of(path: Path, options: GitOptions) -> str | None:
    """The source of a repository's events; None while nobody has committed to it. Raises SourceError."""
    if not path.is_dir():
        raise SourceError(f"{path}: there is no such directory")
    try:
        ask(path, "rev-parse", "--git-dir")
    except SourceError as error:
        if "not a git repository" not in str(error):
            raise
        raise SourceError(
            f"{path}: this is not a git repository (nor a part of one); name the directory of a clone"
        ) from None
    if options.revision == "HEAD" and not has_commits(path):
        return None
    # The first-parent chain of a branch ends at the same root whatever is merged later.
    root = revisions(path, options.revision, "--first-parent", "--max-parents=0").split()
    if not root and options.source is None:
        raise SourceError(f"{path}: {options.revision} reaches no first commit; give --source")
    return options.source or f"git:{root[-1]}"


class _Reader:
    """Turns the output of one `git log` into records."""

    def __init__(self, path: Path, options: GitOptions, source: str, aliases: Aliases) -> None:
        self._path = path
        self._options = options
        self._source = source
        self._aliases = aliases
        # A shallow clone shows its oldest commits as if they had added every line of every file.
        self._without_stat = shallow_commits(path) if options.stat else frozenset()
        self.commits_count = 0

    def records(self) -> Iterator[Record]:
        arguments = ["log", "-z", "--reverse", "--encoding=UTF-8", f"--format={FIELDS}"]
        if self._options.stat:
            arguments += ["--shortstat", "--no-ext-diff", "--no-textconv"]
        # Said errors go to a file: an unread pipe could fill up and block git.
        with (
            tempfile.TemporaryFile() as said,
            Mailmap(self._path) as mailmap,
            subprocess.Popen(
                command(self._path, *arguments, "--end-of-options", self._options.revision, "--"),
                stdout=subprocess.PIPE,
                stderr=said,
                stdin=subprocess.DEVNULL,
                env=environment(),
            ) as process,
        ):
            try:
                if process.stdout is not None:
                    for fields, stat in _commits(process.stdout):
                        self.commits_count += 1
                        yield from self._commit(fields, stat, mailmap)
                if process.wait():
                    said.seek(0)
                    reason = " ".join(said.read(4_000).decode("utf-8", "replace").split())
                    raise SourceError(f"{self._path}: git log failed: {reason or 'it gave no reason'}")
            finally:
                if process.poll() is None:
                    process.terminate()

    def _commit(self, fields: list[bytes], stat: bytes, mailmap: Mailmap) -> Iterator[Record]:
        sha, parents, authored, committed, name, email, committer_email, subject, trailers = (
            field.decode("utf-8", "surrogateescape") for field in fields
        )
        place = f"commit {sha[:12]}"
        try:
            authored_at = datetime.fromtimestamp(int(authored), UTC)
            committed_at = datetime.fromtimestamp(int(committed), UTC)
        except (ValueError, OverflowError, OSError):
            yield Bad(place, "the commit's date can't be represented")
            return
        data: dict[str, Any] = {
            "channel": "code",
            "object": {"id": sha},
            "parents": len(parents.split()),
            "attributes": {"committed_at": committed_at.isoformat()},
        }
        if self._options.repository:
            data["repository"] = self._options.repository
        if is_squash(subject, committer_email):
            data["squash"] = True
        found = SHORTSTAT.search(stat)
        if found and sha not in self._without_stat:
            files, added, deleted = (int(number or 0) for number in found.groups())
            data |= {"files_changed": files, "lines_added": added, "lines_deleted": deleted}
        event = {
            "specversion": "1.0",
            "type": "code.commit.v1",
            "source": self._source,
            "id": sha,
            "time": authored_at,
            "data": data,
        }
        others = [self._who(*contact, mailmap) for contact in parsed(trailers.split("\x1f"))]
        yield from commit_events(place, event, self._who(name, email, mailmap), others)

    def _who(self, name: str, email: str, mailmap: Mailmap) -> Who | None:
        who = author_of(name, email, self._options.salt)
        if who is not None and who.id in self._aliases.shared:
            return author_of(*mailmap.lookup(name, email), self._options.salt)
        return who


def _commits(stream: IO[bytes]) -> Iterator[tuple[list[bytes], bytes]]:
    """The fields of each commit, and what --shortstat said of it.

    With -z git ends a commit's fields with NUL and puts the numbers after that, in front of the next
    commit's SHA: "…\\0\\n 1 file changed, 1 insertion(+)\\n<sha>\\0…".
    """
    fields: list[bytes] = []
    pending: list[bytes] | None = None
    for token in tokens(stream):
        fields.append(token)
        if len(fields) == 1:
            stat, _, fields[0] = token.rpartition(b"\n")
            if pending is not None:
                yield pending, stat
                pending = None
        if len(fields) == FIELD_COUNT:
            pending, fields = fields, []
    if pending is not None:
        yield pending, b"".join(fields)
