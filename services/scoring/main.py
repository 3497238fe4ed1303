"""The wiring of scoring."""

from fastapi import APIRouter

from services.scoring.awards.api.routes import router as awards
from services.scoring.awards.handlers import Scorer
from services.scoring.programmes.api.models import SCHEMAS
from services.scoring.programmes.api.routes import router as programmes
from services.scoring.settings import Settings
from shared.consumer import Subscription
from shared.contracts.facts import ACCEPTED_EVENT
from shared.service import ServiceSpec, run
from shared.topics import EVENTS

router = APIRouter()
router.include_router(programmes)
router.include_router(awards)

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
