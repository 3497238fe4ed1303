"""The wiring of scoring."""

from services.scoring.api import router
from services.scoring.api_models import SCHEMAS
from services.scoring.handlers import Scorer
from services.scoring.settings import Settings
from shared.consumer import Subscription
from shared.contracts.facts import ACCEPTED_EVENT
from shared.service import ServiceSpec, run
from shared.topics import EVENTS

SPEC = ServiceSpec(
    name="scoring",
    description="Turns events into points by the rules of a community's published programme.",
    settings=Settings,
    subscriptions=[Subscription(EVENTS, ACCEPTED_EVENT, Scorer().on_activities)],
    router=router,
    schemas=SCHEMAS,
)

if __name__ == "__main__":
    run(SPEC)
