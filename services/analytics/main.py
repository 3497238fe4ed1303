"""The wiring of analytics."""

from services.analytics import handlers
from services.analytics.api import router
from services.analytics.settings import Settings
from shared.consumer import Subscription
from shared.contracts.facts import (
    ACCEPTED_EVENT,
    MEMBER_IDENTIFIED,
    PAYOUT_FACT,
    POINTS_AWARDED,
    PROGRAMME_PUBLISHED,
    RECOGNITION_GRANTED,
    REDEMPTION_CHANGED,
    REJECTED_EVENT,
)
from shared.service import ServiceSpec, run
from shared.topics import EVENTS, MEMBERS, PAYOUTS, POINTS, PROGRAMMES, RECOGNITION, REDEMPTIONS, REJECTED

SPEC = ServiceSpec(
    name="analytics",
    description="Participation, points and lineage, from read models built only from topics.",
    settings=Settings,
    subscriptions=[
        Subscription(PROGRAMMES, PROGRAMME_PUBLISHED.adapter, handlers.on_programmes),
        Subscription(MEMBERS, MEMBER_IDENTIFIED.adapter, handlers.on_members),
        Subscription(EVENTS, ACCEPTED_EVENT, handlers.on_events),
        Subscription(REJECTED, REJECTED_EVENT.adapter, handlers.on_rejected),
        Subscription(POINTS, POINTS_AWARDED.adapter, handlers.on_awards),
        Subscription(RECOGNITION, RECOGNITION_GRANTED.adapter, handlers.on_grants),
        Subscription(REDEMPTIONS, REDEMPTION_CHANGED.adapter, handlers.on_redemptions),
        Subscription(PAYOUTS, PAYOUT_FACT, handlers.on_payouts),
    ],
    router=router,
)

if __name__ == "__main__":
    run(SPEC)
