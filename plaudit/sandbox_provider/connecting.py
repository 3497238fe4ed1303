"""A community's account at the sandbox provider of its own stack."""

import base64
import secrets
from typing import Any

import click
import httpx

from plaudit.calls import request
from plaudit.stack.state import SANDBOX, StackState

SECRET_BYTES = 32
SECONDS = 10.0


def connect_sandbox(state: StackState, key: str) -> dict[str, Any]:
    """Connect the community of an access key, and have webhooks come to it; returns the account as it is answered.

    Webhooks go to whoever was connected last. Raises ClickException where the stack has no sandbox that answers.
    """
    if SANDBOX not in state.parts:
        raise click.ClickException(f"stack '{state.name}' was started without a sandbox provider")
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    rewards = state.service_urls["rewards"]
    said = {"api_key": state.sandbox_key, "webhook_secret": secret}
    made: dict[str, Any] = request("PUT", f"{rewards}/v1/providers/sandbox", key, json=said)
    told = {"url": f"{rewards}{made['webhook_path']}", "secrets": [secret]}
    try:
        # No proxy is asked for one's own machine.
        answer = httpx.put(f"{state.sandbox_url}/control/webhooks", json=told, timeout=SECONDS, trust_env=False)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise click.ClickException(f"the sandbox at {state.sandbox_url} does not answer: {error}") from error
    return made
