"""Plaudit's own services and what stands beside them as processes of a stack, and their environment."""

import os
import sys
from typing import Any

from plaudit.stack.paths import CHECKOUT
from plaudit.stack.ports import HOST, metrics_port
from plaudit.stack.processes import ProcessSpec, marked
from plaudit.stack.state import SANDBOX, StackState
from shared.services import CONSOLE, GATEWAY

STOP_TIMEOUT_SECONDS = 20.0
STARTING = (sys.executable, "-P", "-m", "shared.starting")
#: What passes on what others may do, and may nothing itself: the module of each.
WITHOUT_AUTHORITY = {
    CONSOLE: "console.main",
    GATEWAY: "console.gateway.main",
    SANDBOX: "plaudit.sandbox_provider.main",
}


def spec(state: StackState, name: str) -> ProcessSpec:
    """The process of the service `name`; it needs nothing from the folder it is started in."""
    return ProcessSpec(
        name=name,
        argv=_argv(state, name),
        environment=marked(environment(state, name), state.directory, name),
        directory=state.directory / "services" / name,
        log=state.directory / "logs" / f"{name}.log",
        port=state.ports[name],
        stop_timeout_seconds=STOP_TIMEOUT_SECONDS,
    )


def _argv(state: StackState, name: str) -> tuple[str, ...]:
    if name in WITHOUT_AUTHORITY:
        return (*STARTING, WITHOUT_AUTHORITY[name])
    return (*STARTING, f"services.{name}.main", "--role", state.role)


def environment(state: StackState, name: str) -> dict[str, str]:
    """The settings of the service `name` in this stack, on top of the environment of whoever starts it."""
    # Compiled code is kept: five services that compile all they import start 6 s of CPU later.
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {
        **inherited,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(CHECKOUT), os.environ.get("PYTHONPATH")))),
        "PYTHONUNBUFFERED": "1",
        **state.environment,
        **{f"PLAUDIT_{key.upper()}": str(value) for key, value in connections(state, name).items()},
        "PLAUDIT_HTTP_HOST": HOST,
        "PLAUDIT_HTTP_PORT": str(state.ports[name]),
        **({} if name in WITHOUT_AUTHORITY else _of_services(state)),
    }


def _of_services(state: StackState) -> dict[str, str]:
    return {
        "PLAUDIT_ADMIN_KEY": state.admin_key,
        # The console and the gateway say who asks; whoever else is on this machine may say so too.
        "PLAUDIT_TRUSTED_PROXIES": os.environ.get("PLAUDIT_TRUSTED_PROXIES", HOST),
    }


def connections(state: StackState, name: str) -> dict[str, Any]:
    """Those settings of the service `name` that say where its parts are and how it gets in, by their fields."""
    if name == CONSOLE:
        return {
            "postgres_url": state.postgres_url,
            "postgres_password": state.console_postgres_password,
            "console_url": state.console_url,
            "gateway_url": state.gateway_url,
            "credentials_url": state.credentials_url,
            "metrics_port": metrics_port(state.ports, name),
            **_service_urls(state),
        }
    if name == GATEWAY:
        return {"metrics_port": metrics_port(state.ports, name), **_service_urls(state)}
    if name == SANDBOX:
        return {"sandbox_api_key": state.sandbox_key}
    broker = state.broker_for(name)
    keys = {f"{signer}_verifying_keys": key for signer, key in state.verifying_keys.items()}
    if name in state.signing_keys:
        keys["signing_key"] = state.signing_keys[name].signing_key
    return {
        "kafka": broker.servers,
        "kafka_user": broker.user,
        "kafka_password": broker.password,
        "kafka_mechanism": broker.mechanism,
        "kafka_tls": broker.tls,
        "kafka_ca_file": broker.ca_file,
        "postgres_url": state.postgres_url,
        "postgres_password": state.postgres_passwords[name],
        "identity_key": state.identity_key,
        "webhook_keys": state.webhook_keys,
        # It is a stack to try things on: whoever may add a webhook may have it here.
        "webhook_loopback": True,
        **({"text_keys": state.text_keys, "public_url": state.console_url} if name == "ingest" else {}),
        **_credentials(state, name),
        **keys,
    }


def _credentials(state: StackState, name: str) -> dict[str, Any]:
    if name == "rewards":
        return {"voucher_keys": state.voucher_keys, **_sandbox(state)}
    if name != "recognition":
        return {}
    return {"credential_keys": state.credential_keys, "credentials_url": state.credentials_url}


def _sandbox(state: StackState) -> dict[str, Any]:
    """Where gift cards can be tried: at the stack's own sandbox, or at one that whoever starts it named."""
    if SANDBOX not in state.parts or os.environ.get("PLAUDIT_PROVIDER_SANDBOX_URL"):
        return {}
    return {"provider_sandbox_url": state.sandbox_url, "provider_loopback": True}


def _service_urls(state: StackState) -> dict[str, str]:
    return {f"{service}_url": url for service, url in state.service_urls.items()}
