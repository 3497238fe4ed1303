"""Draws by lot that everybody can work out again: from a seed that was fixed before, and from the tickets.

The commitment of a draw, SHA-256 of its seed in hexadecimal, is published before there are tickets; the tickets
are frozen at its end; the seed is published with the winners. Whoever has tickets and seed has the winners.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple

SEED_BYTES: Final = 32


class Ticket(NamedTuple):
    """A ticket, and the member who has it: of several who are one person, who stays."""

    ticket: str
    member: str


def commitment_of(seed: bytes) -> str:
    """What is published of a seed before."""
    return sha256(seed).hexdigest()


def digest_of(tickets: Sequence[Ticket]) -> str:
    """What is published of the tickets once they are frozen: SHA-256 over `ticket member` lines, sorted."""
    lines = "".join(f"{ticket} {member}\n" for ticket, member in sorted(tickets))
    return sha256(lines.encode()).hexdigest()


def winners_of(seed: bytes, tickets: Sequence[Ticket], count: int) -> list[Ticket]:
    """The winning tickets, first prize first: those of the lowest numbers, one of each member.

    The number of a ticket is SHA-256 of the seed, the tickets' digest and the ticket's id.
    """
    prefix = seed + bytes.fromhex(digest_of(tickets))
    found: dict[str, Ticket] = {}
    for one in sorted(tickets, key=lambda one: (sha256(prefix + one.ticket.encode()).digest(), one.ticket)):
        if len(found) == count:
            break
        found.setdefault(one.member, one)
    return list(found.values())


def mistakes_of(record: Mapping[str, Any], *, commitment: str | None = None) -> list[str]:
    """What of a draw's published record does not follow from it; nothing where all of it does.

    `commitment` is the one that was published before, where somebody kept it.
    """
    if record.get("seed") is None:
        return [f"the draw is {record.get('state')}: its seed is not published yet"]
    tickets = [Ticket(one["ticket"], one["member"]) for one in record["tickets"]]
    seed = bytes.fromhex(record["seed"])
    wrong = []
    if commitment is not None and record["commitment"] != commitment:
        wrong.append("the commitment is not the one that was published before")
    if commitment_of(seed) != record["commitment"]:
        wrong.append("the seed is not the one that was committed to")
    if len({one.ticket for one in tickets}) < len(tickets):
        wrong.append("a ticket is there twice")
    if digest_of(tickets) != record["tickets_sha256"]:
        wrong.append("the tickets are not those that were frozen")
    winners = [one.ticket for one in winners_of(seed, tickets, record["winners_count"])]
    if winners != list(record["winners"]):
        wrong.append("the winners do not follow from seed and tickets")
    return wrong
