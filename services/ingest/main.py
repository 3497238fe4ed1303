"""The wiring of ingest."""

from services.ingest import handlers
from services.ingest.api import OPERATIONS, router
from services.ingest.api_documents import SCHEMAS
from services.ingest.settings import Settings
from shared.consumer import Subscription
from shared.contracts.facts import RAW_EVENT
from shared.service import ServiceSpec, run
from shared.topics import RAW

SPEC = ServiceSpec(
    name="ingest",
    description="The front door: takes events, says what became of each, and knows who is who across channels.",
    settings=Settings,
    subscriptions=[Subscription(RAW, RAW_EVENT.adapter, handlers.on_raw_events)],
    router=router,
    operations=OPERATIONS,
    schemas=SCHEMAS,
)

if __name__ == "__main__":
    run(SPEC)
