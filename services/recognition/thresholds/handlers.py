"""What a programme asks for is remembered; what is granted is stored and told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from services.recognition.metrics import GRANTS
from services.recognition.thresholds import store
from services.recognition.thresholds.domain import Grant, holder_changes
from shared.contracts.facts import ProgrammePublished
from shared.contracts.programme import Recognition
from shared.topics import RECOGNITION, record_key
from shared.transaction import Invalid, Transaction


async def on_programmes(tx: Transaction, programmes: list[ProgrammePublished]) -> None:
    """Remember each version's recognition section, and put those that are due in force."""
    for index, fact in enumerate(programmes):
        data = fact["data"]
        section = data["document"].get("recognition", {})
        try:
            Recognition.model_validate(section)
        except ValidationError as error:
            raise Invalid(f"programme {data['programme_id']} {data['version']}: {error}", index) from error
        await store.add_programme(
            tx.conn,
            fact["community"],
            data["programme_id"],
            version=data["version"],
            effective_from=data["effective_from"],
            recognition=orjson.dumps(section).decode(),
        )
    await store.put_due_programmes_in_force(tx.conn, tx.now)


async def store_grants(tx: Transaction, grants: Sequence[Grant]) -> None:
    """Write what was granted and taken back, and count it."""
    if not grants:
        return
    # Last of the transaction: the numbers of holders are rows that workers share.
    await store.add_grants(tx.conn, grants, holder_changes(grants), tx.now)
    for kind in ("badge", "level"):
        given = sum(1 for one in grants if one.kind == kind and not one.reverses)
        taken = sum(1 for one in grants if one.kind == kind and one.reverses)
        GRANTS.labels(kind, "granted").inc(given)
        GRANTS.labels(kind, "taken_back").inc(taken)


def publish_grants(tx: Transaction, grants: Sequence[Grant], traceparent: str | None) -> None:
    """Say what was granted and taken back."""
    for grant in grants:
        tx.publish(
            RECOGNITION, record_key(grant.community, grant.member_id), grant_fact(grant, tx.now, traceparent)
        )


def grant_fact(grant: Grant, now: datetime, traceparent: str | None) -> dict[str, Any]:
    """The fact (shared.contracts.facts.RecognitionGranted) that says what was granted or taken back."""
    fact: dict[str, Any] = {
        "specversion": "1.0",
        "id": grant.grant_id,
        "source": "/plaudit/recognition",
        "type": "recognition.granted.v1",
        "time": now,
        "community": grant.community,
        "data": {
            "grant_id": grant.grant_id,
            "member_id": grant.member_id,
            "kind": grant.kind,
            "name": grant.name,
            "title": grant.title,
            "award_id": grant.award_id,
            "event_time": grant.event_time,
        },
    }
    if grant.reverses is not None:
        fact["data"]["reverses"] = grant.reverses
    if traceparent is not None:
        fact["traceparent"] = traceparent
    return fact
