"""The wiring of recognition."""

from services.recognition import handlers
from services.recognition.api import router
from services.recognition.settings import Settings
from shared.consumer import Subscription
from shared.contracts.facts import MEMBER_IDENTIFIED, POINTS_AWARDED, PROGRAMME_PUBLISHED
from shared.service import ServiceSpec, Timer, run
from shared.topics import MEMBERS, POINTS, PROGRAMMES

SPEC = ServiceSpec(
    name="recognition",
    description="Badges, levels and the leaderboard, from points alone.",
    settings=Settings,
    subscriptions=[
        Subscription(PROGRAMMES, PROGRAMME_PUBLISHED.adapter, handlers.on_programmes),
        Subscription(MEMBERS, MEMBER_IDENTIFIED.adapter, handlers.on_members),
        Subscription(POINTS, POINTS_AWARDED.adapter, handlers.on_awards),
    ],
    router=router,
    timers=[Timer("reevaluate", every_seconds=handlers.REEVALUATE_EVERY_SECONDS, run=handlers.reevaluate)],
)

if __name__ == "__main__":
    run(SPEC)
