"""Points on the wire at which a fault can strike, each as what a trap waits for."""

from collections.abc import Callable

from shared.postgres import role_name
from tests.faults.wires import Direction, Link, Verdict

Matches = Callable[[Link, Direction, bytes], bool]

PASS = Verdict.PASS


def _statement(service: str, part: str) -> Matches:
    def matches(link: Link, direction: Direction, message: bytes) -> bool:
        return (
            direction == "to server"
            and message[:1] in (b"B", b"Q")
            and link.user == role_name(service)
            and part in link.statement
        )

    return matches


def batch_begins(service: str) -> Matches:
    """The first statement of the consumer loop's transaction; nothing of the batch has reached the database."""
    return _statement(service, "update consumer_offsets")


def batch_under_way(service: str, statements: int) -> Matches:
    """The consumer loop's transaction goes on after `statements` of its own were sent."""

    def matches(link: Link, direction: Direction, message: bytes) -> bool:
        return (
            direction == "to server"
            and message[:1] in (b"B", b"Q")
            and link.user == role_name(service)
            and link.moves_offsets
            and len(link.transaction) == statements + 2
        )

    return matches


def batch_to_be_committed(service: str) -> Matches:
    """The consumer loop asks for COMMIT; the database has not heard of it."""
    commit = _statement(service, "COMMIT")
    return lambda link, direction, message: commit(link, direction, message) and link.moves_offsets


def batch_committed(service: str) -> Matches:
    """The database has committed the consumer loop's batch, and the service has not heard of it."""

    def matches(link: Link, direction: Direction, message: bytes) -> bool:
        return (
            direction == "to client"
            and link.user == role_name(service)
            and message[:1] == b"C"
            and b"COMMIT" in message
            and link.moves_offsets
        )

    return matches


def published_not_deleted(service: str) -> Matches:
    """The relay's messages are acknowledged by the broker; that they left the outbox is not committed."""
    commit = _statement(service, "COMMIT")

    def matches(link: Link, direction: Direction, message: bytes) -> bool:
        relayed = any("delete from outbox" in sql for sql in link.transaction)
        found_none = any("select count(*) from outbox" in sql for sql in link.transaction)
        return commit(link, direction, message) and relayed and not found_none

    return matches


def about_to_write(topic: str) -> Matches:
    """A write to the topic; the broker has not heard of it."""
    return lambda link, direction, message: direction == "to server" and topic in link.writes


def written(topic: str) -> Matches:
    """The broker has the records of a write to the topic, and who wrote them has not heard of it."""
    return lambda link, direction, message: direction == "to client" and topic in link.writes


def answered(status: int) -> Matches:
    """An HTTP answer with this status, which the client has not heard of."""
    start = f"HTTP/1.1 {status}".encode()
    return lambda link, direction, message: direction == "to client" and message.startswith(start)
