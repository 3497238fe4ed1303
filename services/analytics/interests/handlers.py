"""What events are about is noted as it is heard of, and who wants no part in figures."""

from collections.abc import Sequence

from services.analytics.interests import store
from services.analytics.interests.store import Said
from shared.contracts.facts import AcceptedEvent
from shared.followed_members import Followed
from shared.transaction import Transaction

#: What members opt out of who want no part in figures.
_FIGURES = "analytics"


async def note_topics(tx: Transaction, events: Sequence[AcceptedEvent]) -> None:
    """Note what members wrote and read about, as their platforms say."""
    said = {
        Said(event["community"], event["member"], event["time"], event["uid"], topic)
        for event in events
        if "member" in event and (topic := event["data"].get("topic", ""))
    }
    if said:
        await store.add_said(tx.conn, said=sorted(said))


async def keep_wishes(tx: Transaction, followed: Followed) -> None:
    """Keep who wants no part in figures; of who was erased nothing is kept."""
    wishes = {}
    for member in followed.identified:
        key = (member["community"], member["data"]["member_id"])
        said = [
            (fact["since"], fact["said_at"], bool(fact["value"]))
            for fact in member["data"].get("dated", ())
            if fact["kind"] == "opt_out" and fact["name"] == _FIGURES
        ]
        # Of whom nothing was told before nothing is taken back.
        if said or key not in followed.first_told:
            wishes[key] = max(said)[2] if said else False
    if wishes:
        await store.put_wishes(tx.conn, wishes=wishes)
    if followed.erased:
        await store.forget(
            tx.conn, members={(fact["community"], fact["data"]["member_id"]) for fact in followed.erased}
        )
