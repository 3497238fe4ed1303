"""Webhooks of the sandbox provider: signed as Standard Webhooks say, or wrong in the way it was told."""

import asyncio
import base64
import hmac
import logging
import secrets
import time
from collections.abc import Sequence
from typing import Final
from uuid import uuid4

import httpx
import orjson

from plaudit.sandbox_provider.orders import Hooks, Order
from plaudit.sandbox_provider.payouts import Paid

TRIES_MAX_COUNT: Final = 5
STALE_SECONDS: Final = 3_600
SECONDS: Final = 10.0
LINES_MAX_COUNT: Final = 10_000

log = logging.getLogger(__name__)


class Sender:
    """Sends webhooks to one address, and tries again where none takes them."""

    def __init__(self, *, pause_seconds: float = 1.0) -> None:
        self.url: str | None = None
        self.secrets: Sequence[str] = ()
        #: What each try was answered, the newest last.
        self.answers: list[int | None] = []
        self._pause_seconds = pause_seconds
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, order: Order | Paid, standings: Sequence[str], how: Hooks) -> list["asyncio.Task[None]"]:
        """Send one webhook for each standing, in that way; returns what sends them."""
        if self.url is None or how is Hooks.NONE:
            return []
        ordered = list(reversed(standings)) if how is Hooks.REORDERED else list(standings)
        bodies = [hook_body(order, standing) for standing in ordered]
        if how is Hooks.TWICE:
            bodies = [body for body in bodies for _ in range(2)]
        tasks = [asyncio.create_task(self._deliver(hook_id, body, how)) for hook_id, body in bodies]
        for task in tasks:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return tasks

    async def _deliver(self, hook_id: str, body: bytes, how: Hooks) -> None:
        for attempt in range(TRIES_MAX_COUNT):
            if attempt:
                await asyncio.sleep(self._pause_seconds * 2**attempt)
            status = await self._try(hook_id, body, how)
            self.answers = [*self.answers[-LINES_MAX_COUNT:], status]
            if status is not None and (status < 300 or status in (400, 401, 404, 410)):
                return
        log.warning("webhook %s was not taken", hook_id)

    async def _try(self, hook_id: str, body: bytes, how: Hooks) -> int | None:
        headers = hook_headers(hook_id, body, how, self.secrets)
        try:
            async with httpx.AsyncClient(timeout=SECONDS) as client:
                answer = await client.post(str(self.url), content=body, headers=headers)
        except httpx.HTTPError:
            return None
        return answer.status_code


def hook_headers(hook_id: str, body: bytes, how: Hooks, by: Sequence[str]) -> dict[str, str]:
    """The headers of a webhook, signed by secrets, or wrong in the way that is told."""
    signing = [_new_secret()] if how is Hooks.FORGED else by
    at = int(time.time()) - (STALE_SECONDS if how is Hooks.STALE else 0)
    content = f"{hook_id}.{at}.".encode() + body
    return {
        "webhook-id": hook_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{_signature(secret, content)}" for secret in signing),
        "content-type": "application/json",
    }


def hook_body(order: Order | Paid, standing: str) -> tuple[str, bytes]:
    """The id and body of a webhook that says how an order stands."""
    return f"msg_{uuid4().hex}", orjson.dumps(order.hook(standing))


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return base64.b64encode(hmac.digest(key, content, "sha256")).decode()
