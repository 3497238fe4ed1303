"""Where the local stack keeps its things: one directory per stack, one cache of downloads per user."""

import contextlib
import os
import re
from pathlib import Path

import platformdirs

from plaudit.stack.errors import StackError

CHECKOUT = Path(__file__).resolve().parents[2]
STACK_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def home() -> Path:
    """The directory of all stacks: PLAUDIT_HOME, else the user's data directory.

    Root gets /var/lib/plaudit: its PostgreSQL runs as another user, who cannot enter root's own home.
    """
    configured = os.environ.get("PLAUDIT_HOME")
    if configured:
        return Path(configured).expanduser().resolve()
    if os.geteuid() == 0:
        return Path("/var/lib/plaudit")
    return platformdirs.user_data_path("plaudit")


def cache() -> Path:
    """The user's cache of downloads, shared by all stacks: PLAUDIT_CACHE, else the user's cache directory."""
    configured = os.environ.get("PLAUDIT_CACHE")
    return Path(configured).expanduser().resolve() if configured else platformdirs.user_cache_path("plaudit")


def make_private(directory: Path, *, passable: bool = False) -> None:
    """Makes the directory if need be, and closes it to everybody else.

    `passable` lets others through to what they know of: PostgreSQL's server to its data, where it is another user.
    """
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o711 if passable else 0o700)


def close_to_others(directory: Path) -> None:
    """Takes every right of others from what lies in `directory`: stacks made before were open to them."""
    for folder, _, files in os.walk(directory):
        Path(folder).chmod(0o700)
        for file in files:
            with contextlib.suppress(FileNotFoundError):  # what runs deletes files meanwhile
                (Path(folder) / file).chmod(0o600)


def stack_directory(name: str) -> Path:
    """The directory of the stack `name`, which need not exist.

    Raises StackError for a name that is no plain directory name.
    """
    if not STACK_NAME.fullmatch(name):
        raise StackError(
            f"'{name}' cannot be the name of a stack: use up to 40 lower-case letters, digits and hyphens, "
            "such as 'default' or 'my-test'."
        )
    return home() / "stacks" / name
