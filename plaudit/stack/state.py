"""What a stack remembers between runs: its ports, its secrets and how it was last started."""

import base64
import contextlib
import json
import os
import secrets
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, Field, PrivateAttr, ValidationError

from plaudit.broker.rights import ADMIN, SERVICES_MECHANISM, user_name
from plaudit.stack.errors import StackError
from plaudit.stack.paths import stack_directory
from plaudit.stack.ports import HOST
from shared.broker import Broker
from shared.services import CONSOLE, GATEWAY, SERVICES
from shared.signatures import SigningKeys, new_keys
from shared.topics import SIGNERS

EMBEDDED = ("kafka", "postgres")
#: A provider of gift cards that sells nothing, to try redemptions on.
SANDBOX = "sandbox"
PARTS = (*EMBEDDED, *SERVICES, CONSOLE, GATEWAY, SANDBOX)
STATE_FILE = "state.json"
PROCESSES_FILE = "processes.json"


def _secret() -> str:
    return secrets.token_urlsafe(24)


def kafka_id() -> str:
    """A random id as Kafka writes them."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def _secret_of_each_service() -> dict[str, str]:
    return {service: _secret() for service in SERVICES}


class StackState(BaseModel):
    """A stack as it was last started. Kept in the stack's directory, readable by its owner only."""

    name: str
    directory: Path
    ports: dict[str, int]
    kafka_cluster_id: str = Field(default_factory=kafka_id)
    postgres_superuser_password: str = Field(default_factory=_secret)
    postgres_passwords: dict[str, str] = Field(default_factory=_secret_of_each_service)
    """The password of each service's role; the superuser's is inside `postgres_admin_url`."""
    console_postgres_password: str = Field(default_factory=_secret)
    kafka_admin_password: str = Field(default_factory=_secret)
    kafka_controller_password: str = Field(default_factory=_secret)
    """What the broker logs in with at its own controller."""
    kafka_passwords: dict[str, str] = Field(default_factory=_secret_of_each_service)
    signing_keys: dict[str, SigningKeys] = Field(
        default_factory=lambda: {service: new_keys() for service in SIGNERS}
    )
    identity_key: str = Field(default_factory=lambda: secrets.token_urlsafe(32))
    """Key of the hashes by which services know members' identities."""
    webhook_keys: str = Field(default_factory=lambda: secrets.token_urlsafe(32))
    """Keys that seal addresses and secrets of webhooks."""
    text_keys: str = Field(default_factory=lambda: secrets.token_urlsafe(32))
    """Keys that seal texts."""
    credential_keys: str = Field(default_factory=lambda: secrets.token_urlsafe(32))
    """Keys that seal the private keys of issuers of badges."""
    voucher_keys: str = Field(default_factory=lambda: secrets.token_urlsafe(32))
    """Keys that seal codes of vouchers."""
    sandbox_key: str = Field(default_factory=_secret)
    """What whoever orders at the sandbox provider shows."""
    admin_key: str = Field(default_factory=lambda: "plaudit_admin_" + secrets.token_urlsafe(32))
    only: tuple[str, ...] | None = None
    role: str = "all"
    kafka_metrics: bool = False
    """Whether the broker shows its own metrics."""
    external_kafka: Broker | None = None
    """A Kafka of the user's own, for its administrator."""
    external_postgres_admin_url: str | None = None
    environment: dict[str, str] = Field(default_factory=dict)
    disposable: bool = False
    """Whether nobody but the demo has used the stack: it may be deleted unasked."""
    _is_of_before: bool = PrivateAttr(False)

    @property
    def is_of_before(self) -> bool:
        """Whether it was read from what a version wrote whose stacks had fewer parts, or no logins at Kafka."""
        return self._is_of_before

    @property
    def kafka(self) -> str:
        """Kafka's bootstrap servers, as HOST:PORT."""
        return self.external_kafka.servers if self.external_kafka else f"{HOST}:{self.ports['kafka']}"

    @property
    def broker(self) -> Broker:
        """Kafka, for its administrator."""
        return self.external_kafka or Broker(self.kafka, ADMIN, self.kafka_admin_password)

    def broker_for(self, service: str) -> Broker:
        """Kafka, for a service: as the user that it has there, unless that Kafka asks nobody to log in."""
        if not self.broker.user:
            return self.broker
        password = self.kafka_passwords[service]
        return replace(self.broker, user=user_name(service), password=password, mechanism=SERVICES_MECHANISM)

    @property
    def verifying_keys(self) -> dict[str, str]:
        """The keys that verify what each service signs."""
        return {service: keys.verifying_key for service, keys in self.signing_keys.items()}

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
    def console_url(self) -> str:
        """The address of the console, running or not."""
        return f"http://{HOST}:{self.ports[CONSOLE]}"

    @property
    def credentials_url(self) -> str:
        """The gateway by a name: a did:web has no addresses in numbers."""
        return f"http://localhost:{self.ports[GATEWAY]}"

    @property
    def gateway_url(self) -> str:
        """The one address of all services' APIs, whether the gateway runs or not."""
        return f"http://{HOST}:{self.ports[GATEWAY]}"

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox provider of gift cards is, running or not."""
        return f"http://{HOST}:{self.ports[SANDBOX]}"

    @property
    def part_urls(self) -> dict[str, str]:
        """The base URLs of the services, the console, the gateway and the sandbox provider."""
        beside = {CONSOLE: self.console_url, GATEWAY: self.gateway_url, SANDBOX: self.sandbox_url}
        return {**self.service_urls, **beside}

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
        state = StackState.model_validate_json(path.read_bytes())
        said = {*state.model_fields_set, *state.ports}
        state._is_of_before = (
            not {
                "kafka_passwords",
                "console_postgres_password",
                f"{GATEWAY}-metrics",
                SANDBOX,
            }
            <= said
        )
        return state
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise StackError(f"{path} belongs to another user: run the command as the user who started it.") from error
    except ValidationError as error:
        raise StackError(
            f"{path} is damaged: restore it from a copy, or give the stack's data up with "
            f"`plaudit reset --stack {name}`."
        ) from error


def load_state(name: str = "default", *, even_of_before: bool = False) -> StackState:
    """The state of the stack `name`.

    Raises StackError when there is no such stack, and when an earlier version made it and it has not been brought
    up to date since, unless it may be `even_of_before`.
    """
    state = find_state(name)
    if state is None:
        raise StackError(f"There is no stack '{name}': start one with `plaudit up --stack {name}`.")
    if state.is_of_before and not even_of_before:
        raise StackError(
            f"The stack '{name}' was made by an earlier version, without some of its parts: "
            f"`plaudit up --stack {name}` brings it up to date and keeps its data."
        )
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
