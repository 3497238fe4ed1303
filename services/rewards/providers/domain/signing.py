"""Signatures of webhooks: Standard Webhooks, and Tremendous' own."""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.rewards.providers.domain.contract import ForgedError, StaleError, Webhook

#: So far may the moment of a signature be from now.
TOLERANCE_SECONDS: Final = 300
_PREFIX: Final = "whsec_"


def check_standard(webhook: Webhook, secrets: Sequence[str], *, now: datetime) -> str:
    """The id of a webhook that one of the secrets signed (Standard Webhooks). Raises ForgedError, StaleError."""
    hint_id = webhook.headers.get("webhook-id", "")
    timestamp = webhook.headers.get("webhook-timestamp", "")
    content = f"{hint_id}.{timestamp}.".encode() + webhook.body
    shown = [one.removeprefix("v1,") for one in webhook.headers.get("webhook-signature", "").split()]
    if not hint_id or not any(_is_signed(content, shown, secret) for secret in secrets):
        raise ForgedError("no secret of the account signed it")
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise StaleError("it has no time")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        raise StaleError(f"it was signed more than {TOLERANCE_SECONDS} s from now")
    return hint_id


def _is_signed(content: bytes, shown: Sequence[str], secret: str) -> bool:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        return False
    expected = base64.b64encode(hmac.digest(key, content, "sha256")).decode()
    return any(hmac.compare_digest(expected, one) for one in shown if one.isascii())


def check_tremendous(webhook: Webhook, secrets: Sequence[str]) -> None:
    """Check Tremendous' signature: sha256= and the HMAC of the body in hex. Raises ForgedError."""
    shown = webhook.headers.get("tremendous-webhook-signature", "").removeprefix("sha256=")
    for secret in secrets:
        expected = hmac.digest(secret.encode(), webhook.body, "sha256").hex()
        if shown.isascii() and hmac.compare_digest(expected, shown.lower()):
            return
    raise ForgedError("no secret of the account signed it")
