"""Alerts become messages to the people who act on them."""

from services.ingest.alerts.domain import ALERTS, EXPIRES, is_told, message_id, values_of
from services.ingest.alerts.store import load_acting
from services.ingest.metrics import ALERTS_TOLD
from services.ingest.settings import Settings
from shared.consumer import Subscription
from shared.contracts.facts import ALERT_CHANGED, MESSAGE_REQUESTED, AlertChanged, MessageRequestedData
from shared.topics import ALERTS as TOPIC
from shared.topics import MESSAGES
from shared.transaction import Transaction


async def on_alerts(tx: Transaction[Settings], facts: list[AlertChanged]) -> None:
    """Ask for a message to each of those who act on it, for each alert that is not too old.

    Whether it is sent is decided as for any other: the community turned its kind on, and its reader wants it.
    """
    told = [fact for fact in facts if is_told(fact["data"]) and tx.now - fact["time"] < EXPIRES]
    ALERTS_TOLD.labels("not_told").inc(len(facts) - len(told))
    if not told:
        return
    roles = {(fact["community"], ALERTS[fact["data"]["name"]].role.value) for fact in told}
    acting = await load_acting(tx.conn, roles=sorted(roles))
    for fact in told:
        kind, role = ALERTS[fact["data"]["name"]]
        members = acting.get((fact["community"], role.value), ())
        ALERTS_TOLD.labels("asked" if members else "nobody").inc()
        for member_id in members:
            _ask(tx, fact, kind=kind, member_id=member_id)


def _ask(tx: Transaction[Settings], fact: AlertChanged, *, kind: str, member_id: str) -> None:
    request_id = message_id(fact["data"], member_id)
    data: MessageRequestedData = {
        "request_id": request_id,
        "kind": kind,
        "member_id": member_id,
        "values": values_of(fact["data"]),
        "expires_at": fact["time"] + EXPIRES,
    }
    tx.tell(
        MESSAGES,
        MESSAGE_REQUESTED,
        fact_id=request_id,
        community=fact["community"],
        subject=member_id,
        data=data,
    )


FOLLOWED_ALERTS = Subscription(TOPIC, ALERT_CHANGED.adapter, on_alerts)
