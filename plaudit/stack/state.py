"""What a stack remembers between runs: its ports, its secrets and how it was last started."""

import base64
import contextlib
import json
import os
import secrets
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, Field, ValidationError

from plaudit.stack.errors import StackError
from plaudit.stack.paths import stack_directory
from plaudit.stack.ports import HOST
from shared.services import SERVICES

EMBEDDED = ("kafka", "postgres")
PARTS = (*EMBEDDED, *SERVICES)
STATE_FILE = "state.json"
PROCESSES_FILE = "processes.json"


class StackState(BaseModel):
    """A stack as it was last started. Kept in the stack's directory, readable by its owner only."""

    name: str
    directory: Path
    ports: dict[str, int]
    kafka_cluster_id: str = Field(
        default_factory=lambda: base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    )
    postgres_superuser_password: str = Field(default_factory=lambda: secrets.token_urlsafe(24))
    postgres_password: str = Field(default_factory=lambda: secrets.token_urlsafe(24))
    """The password of the services' roles; the superuser's is inside `postgres_admin_url`."""
    admin_key: str = Field(default_factory=lambda: "plaudit_admin_" + secrets.token_urlsafe(32))
    only: tuple[str, ...] | None = None
    role: str = "all"
    external_kafka: str | None = None
    external_postgres_admin_url: str | None = None
    environment: dict[str, str] = Field(default_factory=dict)
    disposable: bool = False
    """Whether nobody but the demo has used the stack: it may be deleted unasked."""

    @property
    def kafka(self) -> str:
        """Kafka's bootstrap servers, as HOST:PORT."""
        return self.external_kafka or f"{HOST}:{self.ports['kafka']}"

    @property
    def postgres_admin_url(self) -> str:
        """A URL with user and password of a PostgreSQL superuser."""
        if self.external_postgres_admin_url:
            return self.external_postgres_admin_url
        password = quote(self.postgres_superuser_password, safe="")
        return f"postgresql://postgres:{password}@{HOST}:{self.ports['postgres']}/postgres"

    @property
    def postgres_url(self) -> str:
        """PostgreSQL's URL without user, password and database: each service adds its own."""
        parts = urlsplit(self.postgres_admin_url)
        return f"postgresql://{parts.hostname}:{parts.port or 5432}"

    @property
    def parts(self) -> tuple[str, ...]:
        """The processes that this stack is to run, in the order in which they are started."""
        external = {"kafka": self.external_kafka, "postgres": self.external_postgres_admin_url}
        wanted = PARTS if self.only is None else self.only
        return tuple(name for name in PARTS if name in wanted and not external.get(name))

    @property
    def service_urls(self) -> dict[str, str]:
        """The base URL of each service, running or not."""
        return {name: f"http://{HOST}:{self.ports[name]}" for name in SERVICES}

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each process that the supervisor last saw running."""
        processes = read_processes(self.directory).get("processes", {})
        return {name: entry["pid"] for name, entry in processes.items() if entry.get("pid")}

    def save(self) -> None:
        """Writes the state where `load_state` finds it."""
        write_private(self.directory / STATE_FILE, self.model_dump_json(indent=2))


def find_state(name: str) -> StackState | None:
    """The state of the stack `name`, or None when there is none. Raises StackError if it is unreadable."""
    path = stack_directory(name) / STATE_FILE
    try:
        return StackState.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise StackError(f"{path} belongs to another user: run the command as the user who started it.") from error
    except ValidationError as error:
        raise StackError(
            f"{path} is damaged: restore it from a copy, or give the stack's data up with "
            f"`plaudit reset --stack {name}`."
        ) from error


def load_state(name: str = "default") -> StackState:
    """The state of the stack `name`. Raises StackError when there is no such stack."""
    state = find_state(name)
    if state is None:
        raise StackError(f"There is no stack '{name}': start one with `plaudit up --stack {name}`.")
    return state


def read_processes(directory: Path) -> dict[str, Any]:
    """What the supervisor last wrote about itself and its processes; empty when it never ran."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        found: dict[str, Any] = json.loads((directory / PROCESSES_FILE).read_bytes())
        return found
    return {}


def write_processes(directory: Path, content: Mapping[str, Any]) -> None:
    """Replaces what `read_processes` reads."""
    write_private(directory / PROCESSES_FILE, json.dumps(content, indent=1))


def write_private(path: Path, content: str) -> None:
    """Writes a file that only its owner can read, so that a reader or a power cut never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)
