"""Asking a git repository: short questions, long answers in pieces, and who its mailmap says that people are."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Self

from connectors.commits import contact_of
from plaudit.importers.records import SourceError

CHUNK_BYTES = 256 * 1024
#: A commit's header fields; a message with more trailers than this is not one.
TOKEN_MAX_BYTES = 4 * 1024 * 1024
LOCATING_VARIABLES = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"})


def command(path: Path, *arguments: str) -> list[str]:
    """A git command in a repository, whose words and colours are nobody's own."""
    return ["git", "-C", str(path), "-c", "log.showSignature=false", "-c", "core.quotePath=false", *arguments]


def environment() -> dict[str, str]:
    """The environment that git commands run in."""
    # The words of --shortstat must be English; a pager or a prompt must never appear; and the repository
    # is the one that was named, also when this runs from a git hook.
    kept = {name: value for name, value in os.environ.items() if name not in LOCATING_VARIABLES}
    return kept | {"LC_ALL": "C", "GIT_PAGER": "cat", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}


def ask(path: Path, *arguments: str) -> str:
    """The answer of a short git command; SourceError with what git said when it failed."""
    try:
        done = subprocess.run(command(path, *arguments), capture_output=True, check=False, env=environment())
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
            command(path, "check-mailmap", "--stdin"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
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
        return contact_of(answers.readline().decode("utf-8", "surrogateescape"))


def revisions(path: Path, revision: str, *options: str) -> str:
    """What `git rev-list` says of a revision."""
    return ask(path, "rev-list", *options, "--end-of-options", revision, "--")


def has_commits(path: Path) -> bool:
    """False for a repository nobody has committed to; SourceError when only other branches have commits."""
    try:
        ask(path, "rev-parse", "--verify", "HEAD^{commit}")
    except SourceError:
        if ask(path, "for-each-ref", "--count=1"):
            raise SourceError(f"{path}: the current branch has no commits; name another with --revision") from None
        return False
    return True


def is_shallow(path: Path) -> bool:
    """Whether history before some commits is missing, so that its oldest commit is not the first one."""
    return ask(path, "rev-parse", "--is-shallow-repository") == "true"


def shallow_commits(path: Path) -> frozenset[str]:
    """The oldest commits of a shallow clone, whose parents are missing."""
    if not is_shallow(path):
        return frozenset()
    return frozenset((path / ask(path, "rev-parse", "--git-path", "shallow")).read_text().split())


def tokens(stream: IO[bytes]) -> Iterator[bytes]:
    """The fields that git separates by NUL, one at a time. Raises SourceError for one that is too long."""
    rest = b""
    while chunk := stream.read(CHUNK_BYTES):
        *whole, rest = (rest + chunk).split(b"\0")
        if len(rest) > TOKEN_MAX_BYTES:
            raise SourceError("git log gave a field that is too long to be one")
        yield from whole
    if rest:
        yield rest


def has_mailmap(path: Path) -> bool:
    """Whether the repository, or who works in it, says who people are."""
    if any(_said(path, name) for name in ("mailmap.file", "mailmap.blob")):
        return True
    if ask(path, "rev-parse", "--is-bare-repository") == "true":
        return bool(ask(path, "ls-tree", "HEAD", "--", ".mailmap"))
    return Path(ask(path, "rev-parse", "--show-toplevel"), ".mailmap").is_file()


def _said(path: Path, name: str) -> str:
    return ask(path, "config", "--default", "", "--get", name)


def reachable(path: Path, revision: str) -> frozenset[bytes]:
    """The SHAs of all commits that a branch, a tag or `revision` has; a million take some 100 MB."""
    newest = revision.rpartition("..")[2].lstrip(".") or "HEAD"  # of a range its end
    listed = ask(path, "rev-list", "--all", "--end-of-options", newest, "--")
    return frozenset(bytes.fromhex(sha) for sha in listed.split())
