"""The wiring of ingest."""

from fastapi import APIRouter

from services.ingest.access import api as access
from services.ingest.events import handlers
from services.ingest.events.api import posting, receipts
from services.ingest.events.api.documents import SCHEMAS
from services.ingest.members import api as members
from services.ingest.settings import Settings
from shared.consumer import Subscription
from shared.contracts.facts import RAW_EVENT
from shared.service import ServiceSpec, run
from shared.topics import RAW

SPEC = ServiceSpec(
    name="ingest",
    description="The front door: takes events, says what became of each, and knows who is who across channels.",
    settings=Settings,
    subscriptions=[Subscription(RAW, RAW_EVENT, handlers.on_raw_events)],
    # One flat list: a direct route is looked for among the router's own.
    router=APIRouter(
        routes=[route for part in (posting, receipts, members, access) for route in part.router.routes]
    ),
    operations=posting.OPERATIONS,
    schemas=SCHEMAS,
)

if __name__ == "__main__":
    run(SPEC)
