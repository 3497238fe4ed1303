"""What is made once per user and copied for each new stack: folders in the cache, named for all they depend on."""

import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

from plaudit.stack.errors import StackError
from plaudit.stack.paths import cache, make_private

#: Set to "no" it has each stack made from nothing.
SETTING = "PLAUDIT_PREPARED"
#: Of each kind; the least recently used one goes. A cluster takes some 70 MB.
KEPT_MAX_COUNT = 2
_LISTING = "listing.json"
_CONTENT = "content"


def is_wanted() -> bool:
    """Whether stacks are made from copies."""
    choice = os.environ.get(SETTING, "yes")
    if choice not in {"yes", "no"}:
        raise StackError(f"{SETTING} is {choice!r}: it may be yes or no.")
    return choice == "yes"


def copy(kind: str, key: str, target: Path) -> bool:
    """Copy what was kept under a key into `target`, which does not exist yet; False if there is nothing to copy.

    What is not as it was kept counts as not there, and goes.
    """
    kept = _place(kind, key)
    try:
        listing = json.loads((kept / _LISTING).read_bytes())
        target.mkdir(mode=0o700)
        for name in listing["folders"]:
            (target / name).mkdir(mode=0o700)
        for name, checksum in listing["files"].items():
            content = (kept / _CONTENT / name).read_bytes()
            if zlib.crc32(content) != checksum:
                raise ValueError(name)
            _write(target / name, content)
        os.utime(kept)
    except FileNotFoundError:
        if kept.exists():
            _forget(kept)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        _forget(kept)
    else:
        return True
    shutil.rmtree(target, ignore_errors=True)
    return False


def keep(kind: str, key: str, source: Path, *, is_kept: Callable[[str], bool] = lambda name: True) -> None:
    """Keep a copy of `source` under a key: those files whose name below it `is_kept`.

    It appears whole or not at all. The cache is for speed alone: where it cannot be written nothing is kept.
    """
    kept = _place(kind, key)
    temporary: Path | None = None
    try:
        make_private(kept.parent)
        temporary = Path(tempfile.mkdtemp(dir=kept.parent, prefix=f".{kept.name}-"))
        listing = _copied(source, temporary / _CONTENT, is_kept)
        _write(temporary / _LISTING, json.dumps(listing).encode())
        temporary.rename(kept)
        _leave_newest(kind)
    except OSError:  # without room or rights, or another was quicker
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def forget(kind: str, key: str) -> None:
    """Keep nothing under a key any more."""
    _forget(_place(kind, key))


def _copied(source: Path, target: Path, is_kept: Callable[[str], bool]) -> dict[str, object]:
    folders: list[str] = []
    files: dict[str, int] = {}
    target.mkdir(mode=0o700)
    for folder, _, names in os.walk(source):
        inside = Path(folder).relative_to(source)
        if inside.parts:
            folders.append(str(inside))
            (target / inside).mkdir(mode=0o700)
        for name in (str(inside / name) for name in names):
            if is_kept(name):
                content = (source / name).read_bytes()
                files[name] = zlib.crc32(content)
                _write(target / name, content)
    return {"folders": folders, "files": files}


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0) as file:
        file.write(content)


def _place(kind: str, key: str) -> Path:
    return cache() / "prepared" / f"{kind}-{key}"


def _forget(kept: Path) -> None:
    """Out of everybody's way at once, then from the disk."""
    try:
        aside = Path(tempfile.mkdtemp(dir=kept.parent, prefix=f".{kept.name}-"))
        kept.rename(aside / "old")
    except OSError:
        return
    shutil.rmtree(aside, ignore_errors=True)


def _leave_newest(kind: str) -> None:
    kept = sorted((cache() / "prepared").glob(f"{kind}-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in kept[KEPT_MAX_COUNT:]:
        _forget(old)
