"""What is refused at the door, as it is kept: each event with its reasons, and a body that is none."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic_core import to_json

from services.ingest.events.domain.admission import Admission, Refusal
from services.ingest.events.domain.judgement import Outcome, Received, event_uid
from services.ingest.events.domain.receipts import HourCount
from services.ingest.refused.domain import Cause, Found, Reason, actor_of, kept_type
from shared.contracts.fields import ID_MAX_CHARS, URI_MAX_CHARS
from shared.contracts.texts import plain_id, plain_source

#: Sources of one request that are counted by name; what others sent is counted together, as nobody's.
SOURCES_MAX_COUNT: Final = 10
NOBODYS: Final = ""


def refused_events(community: str, admission: Admission) -> list[Found]:
    """What of an admission is to be kept: each event that was refused, in their order."""
    reasons: defaultdict[int, list[Refusal]] = defaultdict(list)
    for refusal in admission.refusals:
        reasons[refusal.index].append(refusal)
    return [_found(community, index, admission.refused.get(index), reasons[index]) for index in sorted(reasons)]


def refused_body(content: bytes, why: str) -> Found:
    """What is to be kept of a body that cannot be read."""
    return Found(0, Cause.NOT_READABLE, [Reason("", why)], content)


def conflict(event: Received, why: str) -> Found:
    """What is to be kept of an event that says otherwise than the one that stands."""
    return Found(
        event.receipt_index,
        Cause.CONFLICT,
        [Reason("", why)],
        to_json(event.event),
        event.uid,
        kept_type(event.event["type"]),
        event.identities["member"][0] if "member" in event.identities else None,
    )


def counts_of(community: str, received_at: datetime, admission: Admission | None) -> list[HourCount]:
    """How many events of each source were refused in a request; a body that is none is one of nobody's."""
    hour = received_at.replace(minute=0, second=0, microsecond=0)
    counts: Counter[str] = Counter()
    if admission is None:
        counts[NOBODYS] = 1
    else:
        for index in {refusal.index for refusal in admission.refusals}:
            named = _named(admission.refused.get(index))
            source = NOBODYS if named is None else named[0]
            counts[source if source in counts or len(counts) < SOURCES_MAX_COUNT else NOBODYS] += 1
    return [
        HourCount(community, source, hour, Outcome.REFUSED, events) for source, events in sorted(counts.items())
    ]


def _found(community: str, index: int, document: Any, refusals: Sequence[Refusal]) -> Found:
    named = _named(document)
    return Found(
        index,
        _cause(refusals),
        [Reason(one.field, one.detail) for one in refusals],
        to_json(document),
        None if named is None else event_uid(community, *named),
        kept_type(document.get("type")) if isinstance(document, Mapping) else None,
        actor_of(community, document),
    )


def _cause(refusals: Sequence[Refusal]) -> Cause:
    if any(one.field == "/type" for one in refusals):
        return Cause.UNKNOWN_TYPE
    return Cause.TOO_LARGE if any(one.is_too_large for one in refusals) else Cause.NOT_VALID


def _named(document: Any) -> tuple[str, str] | None:
    """The source and id of what may be an event, in their one spelling; None where it does not say them."""
    if not isinstance(document, Mapping):
        return None
    source, event_id = document.get("source"), document.get("id")
    if not isinstance(source, str) or not isinstance(event_id, str) or "\0" in source + event_id:
        return None
    source, event_id = plain_source(source), plain_id(event_id)
    if not 0 < len(source) <= URI_MAX_CHARS or not 0 < len(event_id) <= ID_MAX_CHARS:
        return None
    return source, event_id
