"""Backups of a service's database and their restoring, with the commands of docs/runbooks/restore.md."""

import asyncio
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import asyncpg

from plaudit.stack import StackState
from plaudit.stack.postgres import binaries
from shared.postgres import database_url, role_name

COMMAND_SECONDS = 60.0


async def backup(state: StackState, service: str, directory: Path) -> Path:
    """The service's database as it is now, in a file."""
    file = directory / f"{service}.dump"
    await _run("pg_dump", ["--format=custom", f"--file={file}", database_url(_admin(state), role_name(service))])
    return file


async def restore(state: StackState, service: str, file: Path) -> None:
    """The service's database as it was; what came since is gone, and so are all connections."""
    name = role_name(service)
    admin = await asyncpg.connect(_admin(state))
    try:
        await admin.execute(f'drop database "{name}" with (force)')
        await admin.execute(f'create database "{name}"')
        await admin.execute(f'revoke connect on database "{name}" from public')
        await admin.execute(f'grant connect on database "{name}" to "{name}"')
    finally:
        await admin.close()
    await _run("pg_restore", ["--exit-on-error", f"--dbname={database_url(_admin(state), name)}", str(file)])


def _admin(state: StackState) -> str:
    return state.postgres_admin_url


async def _run(name: str, arguments: Sequence[str]) -> None:
    done = await asyncio.to_thread(
        subprocess.run,
        [binaries() / name, *arguments],
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
        env={**os.environ, "PGCONNECT_TIMEOUT": "10"},
    )
    assert done.returncode == 0, done.stderr
