"""Draws by lot that everybody can work out again: from a seed that was fixed before, and from the tickets.

The commitment of a draw, SHA-256 of its seed in hexadecimal, is published before there are tickets; the tickets
are frozen at its end; the seed is published with the winners. Whoever has tickets and seed has the winners.
"""

from collections.abc import Collection, Mapping, Sequence
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


class Lot(NamedTuple):
    """The winning tickets, first prize first, and those that were passed over before the last of them."""

    winners: list[Ticket]
    passed_over: list[Ticket]


def lot_of(seed: bytes, tickets: Sequence[Ticket], count: int, *, suspended: Collection[str] = ()) -> Lot:
    """Who wins: the tickets of the lowest numbers, one of each member, and none of who is suspended.

    The number of a ticket is SHA-256 of the seed, the tickets' digest and the ticket's id.
    """
    prefix = seed + bytes.fromhex(digest_of(tickets))
    found: dict[str, Ticket] = {}
    passed_over: dict[str, Ticket] = {}
    for one in sorted(tickets, key=lambda one: (sha256(prefix + one.ticket.encode()).digest(), one.ticket)):
        if len(found) == count:
            break
        (passed_over if one.member in suspended else found).setdefault(one.member, one)
    return Lot(list(found.values()), list(passed_over.values()))


def winners_of(seed: bytes, tickets: Sequence[Ticket], count: int) -> list[Ticket]:
    """The winning tickets, first prize first, where nobody is suspended."""
    return lot_of(seed, tickets, count).winners


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
    passed_over = list(record.get("passed_over", ()))
    suspended = {one.member for one in tickets if one.ticket in set(passed_over)}
    lot = lot_of(seed, tickets, record["winners_count"], suspended=suspended)
    if [one.ticket for one in lot.winners] != list(record["winners"]):
        wrong.append("the winners do not follow from seed and tickets")
    if [one.ticket for one in lot.passed_over] != passed_over:
        wrong.append("those who were passed over would not have won")
    return wrong
