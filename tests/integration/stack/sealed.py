"""Programs as the image runs them, without a container: another user, on a root that cannot be written to.

A namespace of mounts of their own makes it so, where the kernel lets whoever runs the tests have one.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

import pytest

from plaudit.stack.paths import CHECKOUT

#: As deploy/Dockerfile has it.
USER_ID = 10001
TRY_SECONDS = 30
#: What the programs are read from, wherever it is.
NEEDED = tuple(dict.fromkeys(Path(path) for path in (sys.base_prefix, sys.prefix, CHECKOUT)))
TEMPORARY = Path("/tmp")
#: What is kept meanwhile of the needed is mounted below here.
ASIDE = Path("/mnt")


def sealed(
    command: Sequence[str], environment: Mapping[str, str], log: IO[bytes], **how: Any
) -> subprocess.Popen[bytes]:
    """The command as a process, which is itself and no shell; skips the test where the kernel lets nobody seal."""
    if reason := why_not():
        pytest.skip(reason)
    script = "\n".join([*_mounts(), f"exec setpriv {_rights()} -- {shlex.join(command)}"])
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
    return subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "--", "bash", "-euc", script],
        env={"PATH": path, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        **how,
    )


@cache
def why_not() -> str:
    """Why nothing can be sealed here; empty where it can."""
    if os.geteuid() != 0:
        return "only root may mount in a namespace of its own and be another user"
    for program in ("unshare", "setpriv", "mount"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    tried = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "--", "mount", "-t", "tmpfs", "tmpfs", ASIDE],
        capture_output=True,
        text=True,
        timeout=TRY_SECONDS,
        check=False,
    )
    return f"the kernel lets nobody mount here: {tried.stderr.strip()}" if tried.returncode else ""


def _rights() -> str:
    groups = f"--reuid={USER_ID} --regid={USER_ID} --clear-groups"
    return f"{groups} --no-new-privs --bounding-set=-all --inh-caps=-all"


def _mounts() -> Iterable[str]:
    """Everything read-only, /tmp empty and one's own, and what is needed where it is, whoever closed that."""
    covered = {TEMPORARY, *filter(None, map(_closed_above, NEEDED))}
    kept = [path for path in NEEDED if any(path.is_relative_to(cover) for cover in covered)]
    yield f"mount -t tmpfs tmpfs {ASIDE}"
    for number, path in enumerate(kept):
        yield f"mkdir {ASIDE}/{number} && mount --rbind {shlex.quote(str(path))} {ASIDE}/{number}"
    for cover in sorted(covered):
        yield f"mount -t tmpfs -o mode={'1777' if cover == TEMPORARY else '755'} tmpfs {shlex.quote(str(cover))}"
    for number, path in enumerate(kept):
        there = shlex.quote(str(path))
        yield f"mkdir -p {there} && mount --rbind {ASIDE}/{number} {there} && mount -o remount,ro,bind {there}"
    yield "mount --bind / / && mount -o remount,ro,bind /"


def _closed_above(path: Path) -> Path | None:
    """The highest folder above that others may not enter."""
    closed = [folder for folder in path.parents if not folder.stat().st_mode & 0o001]
    return closed[-1] if closed else None
