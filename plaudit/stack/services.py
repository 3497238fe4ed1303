"""Plaudit's own services as processes of a stack and their environment."""

import os
import sys

from plaudit.stack.paths import CHECKOUT
from plaudit.stack.ports import HOST
from plaudit.stack.processes import ProcessSpec, marked
from plaudit.stack.state import StackState

STOP_TIMEOUT_SECONDS = 20.0


def spec(state: StackState, name: str) -> ProcessSpec:
    """The process of the service `name`; it needs nothing from the folder it is started in."""
    return ProcessSpec(
        name=name,
        argv=(sys.executable, "-P", "-m", f"services.{name}.main", "--role", state.role),
        environment=marked(environment(state, name), state.directory, name),
        directory=state.directory / "services" / name,
        log=state.directory / "logs" / f"{name}.log",
        port=state.ports[name],
        stop_timeout_seconds=STOP_TIMEOUT_SECONDS,
    )


def environment(state: StackState, name: str) -> dict[str, str]:
    """The settings of the service `name` in this stack, on top of the environment of whoever starts it."""
    # Compiled code is kept: five services that compile all they import start 6 s of CPU later.
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {
        **inherited,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(CHECKOUT), os.environ.get("PYTHONPATH")))),
        "PYTHONUNBUFFERED": "1",
        **state.environment,
        "PLAUDIT_KAFKA": state.kafka,
        "PLAUDIT_POSTGRES_URL": state.postgres_url,
        "PLAUDIT_POSTGRES_PASSWORD": state.postgres_password,
        "PLAUDIT_HTTP_HOST": HOST,
        "PLAUDIT_HTTP_PORT": str(state.ports[name]),
        "PLAUDIT_ADMIN_KEY": state.admin_key,
    }
