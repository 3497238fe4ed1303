"""What programmes ask is remembered, and events after which somebody is to be asked are noted."""

from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from services.ingest.settings import Settings
from services.ingest.triggers import store
from services.ingest.triggers.domain import triggers_of
from shared.contracts.facts import AcceptedEvent, ProgrammePublished
from shared.contracts.programme import Surveys
from shared.transaction import InvalidMessageError, Transaction

_SURVEYS = TypeAdapter[Surveys | None](Surveys | None)


async def on_programmes(tx: Transaction, programmes: list[ProgrammePublished]) -> None:
    """Remember what programmes ask. Raises InvalidMessageError for a programme that cannot be read."""
    for index, fact in enumerate(programmes):
        data = fact["data"]
        try:
            surveys = _SURVEYS.validate_python(data["document"].get("surveys"))
        except ValidationError as error:
            raise InvalidMessageError(f"surveys of {data['programme_id']}: {error}", index) from error
        await store.put_declared(
            tx.conn,
            community=fact["community"],
            version=data["version"],
            effective_from=data["effective_from"],
            surveys=surveys,
        )


async def note_triggers(tx: Transaction[Settings], *, told: Sequence[AcceptedEvent]) -> None:
    """Note which of the events that are told now are triggers to ask somebody."""
    if not told:
        return
    declared = await store.load_declared(tx.conn, communities={event["community"] for event in told}, now=tx.now)
    found = [
        trigger
        for event in told
        if (of := declared.get(event["community"])) is not None and of.surveys is not None
        for trigger in triggers_of(event, of.surveys, now=tx.now)
    ]
    if found:
        await store.add_triggers(tx.conn, triggers=found)
