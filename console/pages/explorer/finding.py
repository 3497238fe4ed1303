"""What an id is: asked of every service that could know it, side by side."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from console.asking import Answer
from console.components.tables import PAGE_COUNT
from console.frame.visits import Visit

RECEIPT_ID = re.compile(r"r[0-9a-f]{44}-[0-9]{1,6}b?")
UUID_DIGITS = re.compile(r"[0-9a-fA-F]{32}")
IDENTITY = re.compile(r"([a-z_]{2,20}):(.{1,255})")
#: As a platform's logs have it; a trace's id alone is as long as a UUID.
TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
PAYOUT_AWARDS_COUNT = 500
MEMBER_AWARDS_COUNT = 50


@dataclass(frozen=True)
class Found:
    """What an id is (`kind`), what its service said, and who did not answer."""

    kind: str | None
    answer: Answer | None = None
    silent: Sequence[Answer] = field(default_factory=tuple)


#: Who is asked for a UUID: the kind, its scope, service and path, the likeliest first.
ASKED = (
    ("event", "analytics:read", "analytics", "/v1/lineage/events/{id}"),
    ("award", "analytics:read", "analytics", "/v1/lineage/awards/{id}"),
    ("payout", "analytics:read", "analytics", "/v1/lineage/payouts/{id}"),
    ("member", "recognition:read", "recognition", "/v1/members/{id}/recognition"),
    ("redemption", "rewards:read", "rewards", "/v1/redemptions/{id}"),
    ("transfer", "payouts:read", "rewards", "/v1/ledger/transfers/{id}"),
    ("run", "payouts:read", "rewards", "/v1/payout-runs/{id}"),
    ("trace", "receipts:read", "ingest", "/v1/traces/{digits}"),
)


def spelled(said: str) -> str | None:
    """An id as services spell it: a receipt's, a UUID, or a UUID in 32 digits (an EndToEndId, the id of a trace).

    Of a traceparent it is the trace's. None for others.
    """
    text = said.strip()
    if (traceparent := TRACEPARENT.fullmatch(text)) is not None:
        text = traceparent[1]
    if RECEIPT_ID.fullmatch(text):
        return text
    try:
        return str(UUID(text)) if UUID_DIGITS.fullmatch(text.replace("-", "")) else None
    except ValueError:
        return None


#: Events of a trace on a page, which stays below 40 kB.
TRACE_COUNT = 40
#: How much of what may be long is asked for at once.
LIMITS = {"payout": PAYOUT_AWARDS_COUNT, "trace": TRACE_COUNT}


async def find(visit: Visit, id_: str) -> Found:
    """What the id is, as far as whoever looks may know."""
    if RECEIPT_ID.fullmatch(id_):
        if not visit.signed_in.may("receipts:read"):
            return Found(None)
        answer = await visit.ask.get(
            "ingest", f"/v1/receipts/{id_}", limit=PAGE_COUNT, after=visit.request.query_params.get("after")
        )
        return Found("receipt", answer) if answer.ok else Found(None, silent=[answer] if answer.is_down else ())
    asked = [one for one in ASKED if visit.signed_in.may(one[1])]
    questions = {
        kind: visit.ask.get(
            service,
            path.format(id=id_, digits=id_.replace("-", "")),
            limit=LIMITS.get(kind),
            after=visit.request.query_params.get("after") if kind == "trace" else None,
        )
        for kind, _, service, path in asked
    }
    answers = await visit.ask.all(**questions)
    for kind, answer in answers.items():
        if answer.ok:
            return Found(kind, answer)
    return Found(None, silent=[answer for answer in answers.values() if answer.is_down])


async def member_of_identity(visit: Visit, said: str) -> str | None:
    """The id of the member who is known as `channel:id`; None when nobody is, or whoever looks may not know."""
    matched = IDENTITY.fullmatch(said.strip())
    if matched is None or not visit.signed_in.may("members:read"):
        return None
    answer = await visit.ask.get("ingest", "/v1/members", channel=matched[1], id=matched[2])
    return str(answer.items[0]["member_id"]) if answer.items else None
