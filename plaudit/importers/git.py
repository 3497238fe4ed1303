"""Commits of any git repository as activities, read with `git log` while it runs.

Rules: one code.commit.v1 per commit, its id is the commit's SHA, its time the author date (UTC), its actor
`git:` and the first 16 hexadecimal digits of SHA-256 over the lower-cased author address (with a salt
before it, when given). Everybody in a `Co-authored-by` trailer gets an event of their own, with the id
`<sha>#co<digits>`. Addresses themselves never leave this module. The mailmap is respected.
"""

import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Self

from plaudit.importers.records import Bad, Mapped, Record, Source, SourceError, actor, checked

FIELDS = "%H%x00%P%x00%at%x00%ct%x00%aN%x00%aE%x00%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x1f)"
FIELD_COUNT = 7
CHUNK_BYTES = 256 * 1024
#: A commit's header fields; a message with more trailers than this is not one.
TOKEN_MAX_BYTES = 4 * 1024 * 1024
SHORTSTAT = re.compile(
    rb"(\d+) files? changed(?:, (\d+) insertions?\(\+\))?(?:, (\d+) deletions?\(-\))?",
)
PERSON = re.compile(r"^\s*(?P<name>[^<]*?)\s*<(?P<email>[^>]*)>\s*$")
LOCATING_VARIABLES = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"})
#: Trailers of one commit that count; beyond it, somebody is playing.
CO_AUTHORS_MAX_COUNT = 50


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


def person_id(email: str, name: str, salt: str = "") -> str:
    """`git:` and 16 digits of the hash of the lower-cased address, or of the name where none is given."""
    known_by = email.strip().lower() or f"name:{name.strip().lower()}"
    return "git:" + hashlib.sha256((salt + known_by).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _command(path: Path, *arguments: str) -> list[str]:
    return ["git", "-C", str(path), "-c", "log.showSignature=false", "-c", "core.quotePath=false", *arguments]


def _environment() -> dict[str, str]:
    # The words of --shortstat must be English; a pager or a prompt must never appear; and the repository
    # is the one that was named, also when this runs from a git hook.
    kept = {name: value for name, value in os.environ.items() if name not in LOCATING_VARIABLES}
    return kept | {"LC_ALL": "C", "GIT_PAGER": "cat", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}


def _ask(path: Path, *arguments: str) -> str:
    """The answer of a short git command; SourceError with what git said when it failed."""
    try:
        done = subprocess.run(_command(path, *arguments), capture_output=True, check=False, env=_environment())
    except FileNotFoundError:
        raise SourceError("git was not found; install git and try again") from None
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise SourceError(f"{path}: {said or 'git failed'}")
    return done.stdout.decode("utf-8", "replace").strip()


class Mailmap:
    """Asks `git check-mailmap` who somebody of a trailer is; git log itself maps only authors."""

    def __init__(self, path: Path) -> None:
        self._known: dict[str, tuple[str, str]] = {}
        self._process = subprocess.Popen(
            _command(path, "check-mailmap", "--stdin"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def lookup(self, name: str, email: str) -> tuple[str, str]:
        """The proper name and address; as given when git can't say."""
        contact = f"{name} <{email}>".lstrip()
        if contact not in self._known:
            self._known[contact] = self._answer(contact) or (name, email)
        return self._known[contact]

    def _answer(self, contact: str) -> tuple[str, str] | None:
        asked, answers = self._process.stdin, self._process.stdout
        if asked is None or answers is None or self._process.poll() is not None:
            return None
        try:
            asked.write(contact.encode("utf-8", "surrogateescape") + b"\n")
            asked.flush()
        except BrokenPipeError:
            return None
        match = PERSON.match(answers.readline().decode("utf-8", "surrogateescape"))
        return (match["name"], match["email"]) if match else None


def open_repository(path: Path, options: GitOptions) -> Source:
    """The commits of a repository, oldest first, as a source of records.

    Works on bare and shallow repositories; one without commits gives no records. Raises SourceError when
    `path` is no repository or the revision is not in it.
    """
    if not path.is_dir():
        raise SourceError(f"{path}: there is no such directory")
    try:
        _ask(path, "rev-parse", "--git-dir")
    except SourceError as error:
        if "not a git repository" not in str(error):
            raise
        raise SourceError(
            f"{path}: this is not a git repository (nor a part of one); name the directory of a clone"
        ) from None
    if options.revision == "HEAD" and not _has_commits(path):
        return Source(iter(()), 0)
    # The first-parent chain of a branch ends at the same root whatever is merged later.
    root = _revisions(path, options.revision, "--first-parent", "--max-parents=0").split()
    if not root and options.source is None:
        raise SourceError(f"{path}: {options.revision} reaches no first commit; give --source")
    total = int(_revisions(path, options.revision, "--count"))
    reader = _Reader(path, options, options.source or f"git:{root[-1]}")
    return Source(reader.records(), total, lambda: reader.commits_count)


def _revisions(path: Path, revision: str, *options: str) -> str:
    return _ask(path, "rev-list", *options, "--end-of-options", revision, "--")


def _has_commits(path: Path) -> bool:
    """False for a repository nobody has committed to; SourceError when only other branches have commits."""
    try:
        _ask(path, "rev-parse", "--verify", "HEAD^{commit}")
    except SourceError:
        if _ask(path, "for-each-ref", "--count=1"):
            raise SourceError(f"{path}: the current branch has no commits; name another with --revision") from None
        return False
    return True


def is_shallow(path: Path) -> bool:
    """Whether history before some commits is missing, so that its oldest commit is not the first one."""
    return _ask(path, "rev-parse", "--is-shallow-repository") == "true"


def _shallow_commits(path: Path) -> frozenset[str]:
    if not is_shallow(path):
        return frozenset()
    return frozenset((path / _ask(path, "rev-parse", "--git-path", "shallow")).read_text().split())


class _Reader:
    """Turns the output of one `git log` into records."""

    def __init__(self, path: Path, options: GitOptions, source: str) -> None:
        self._path = path
        self._options = options
        self._source = source
        # A shallow clone shows its oldest commits as if they had added every line of every file.
        self._without_stat = _shallow_commits(path) if options.stat else frozenset()
        self.commits_count = 0

    def records(self) -> Iterator[Record]:
        arguments = ["log", "-z", "--reverse", "--use-mailmap", "--encoding=UTF-8", f"--format={FIELDS}"]
        if self._options.stat:
            arguments += ["--shortstat", "--no-ext-diff", "--no-textconv"]
        # Said errors go to a file: an unread pipe could fill up and block git.
        with (
            tempfile.TemporaryFile() as said,
            Mailmap(self._path) as mailmap,
            subprocess.Popen(
                _command(self._path, *arguments, "--end-of-options", self._options.revision, "--"),
                stdout=subprocess.PIPE,
                stderr=said,
                stdin=subprocess.DEVNULL,
                env=_environment(),
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
        sha, parents, authored, committed, name, email, trailers = (
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
        found = SHORTSTAT.search(stat)
        if found and sha not in self._without_stat:
            files, added, deleted = (int(number or 0) for number in found.groups())
            data |= {"files_changed": files, "lines_added": added, "lines_deleted": deleted}
        author_id = person_id(email, name, self._options.salt)
        people = {author_id: name}
        for other, other_email in _co_authors(trailers):
            proper_name, proper_email = mailmap.lookup(other, other_email)
            people.setdefault(person_id(proper_email, proper_name, self._options.salt), proper_name)
        for who, shown in people.items():
            co_author = who != author_id
            attributes = data["attributes"] | ({"co_author": True} if co_author else {})
            event = {
                "specversion": "1.0",
                "type": "code.commit.v1",
                "source": self._source,
                "id": f"{sha}#co{who.removeprefix('git:')}" if co_author else sha,
                "time": authored_at,
                "data": data | {"actor": actor(who, shown), "attributes": attributes},
            }
            record = checked(place, event)
            yield record
            if not isinstance(record, Mapped):
                return


def _co_authors(trailers: str) -> Iterator[tuple[str, str]]:
    for trailer in trailers.split("\x1f")[:CO_AUTHORS_MAX_COUNT]:
        match = PERSON.match(trailer)
        if match:
            yield match["name"], match["email"]


def _commits(stream: IO[bytes]) -> Iterator[tuple[list[bytes], bytes]]:
    """Seven fields a commit, and what --shortstat said of it.

    With -z git ends a commit's fields with NUL and puts the numbers after that, in front of the next
    commit's SHA: "…\\0\\n 1 file changed, 1 insertion(+)\\n<sha>\\0…".
    """
    fields: list[bytes] = []
    pending: list[bytes] | None = None
    for token in _tokens(stream):
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


def _tokens(stream: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while chunk := stream.read(CHUNK_BYTES):
        *tokens, rest = (rest + chunk).split(b"\0")
        if len(rest) > TOKEN_MAX_BYTES:
            raise SourceError("git log gave a field that is too long to be one")
        yield from tokens
    if rest:
        yield rest
