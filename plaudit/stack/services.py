"""Plaudit's own services as processes of a stack: their environment and whether they are ready."""

import os
import sys

import httpx

from plaudit.stack.paths import CHECKOUT
from plaudit.stack.ports import HOST
from plaudit.stack.processes import ProcessSpec, marked
from plaudit.stack.state import StackState

STOP_TIMEOUT_SECONDS = 20.0
READY_TIMEOUT_SECONDS = 2.0


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
    return {
        **os.environ,
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


async def is_ready(url: str) -> bool:
    """Whether the service at the base URL `url` says that it is ready."""
    try:
        async with httpx.AsyncClient(timeout=READY_TIMEOUT_SECONDS, trust_env=False) as client:
            return (await client.get(f"{url}/readyz")).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
