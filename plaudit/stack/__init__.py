"""The local stack: a real Kafka, a real PostgreSQL and Plaudit's services as processes of one user.

`start`, `stop`, `reset` and `status` are synchronous; `load_state` tells where a stack's parts are found.
"""

from plaudit.stack.errors import StackError
from plaudit.stack.lifecycle import ProcessStatus, StackStatus, reset, start, status, stop
from plaudit.stack.state import StackState, load_state

__all__ = [
    "ProcessStatus",
    "StackError",
    "StackState",
    "StackStatus",
    "load_state",
    "reset",
    "start",
    "status",
    "stop",
]
