"""Commands that may be sent again: an idempotency key has one answer, stored with what the command did."""

from shared.commands.api import KEY_REUSED, Command, IdempotencyKey, answer_once
from shared.commands.store import CommandKey

__all__ = ["KEY_REUSED", "Command", "CommandKey", "IdempotencyKey", "answer_once"]
