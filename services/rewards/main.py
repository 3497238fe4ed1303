"""The wiring of rewards."""

from services.rewards.api import router
from services.rewards.handlers.awards import on_awards
from services.rewards.handlers.check import check_all
from services.rewards.handlers.lots import expire_points, mature_points
from services.rewards.handlers.programmes import on_members, on_programmes
from services.rewards.handlers.redemptions import expire_reservations
from services.rewards.settings import Settings
from shared.consumer import Subscription
from shared.contracts.facts import MEMBER_IDENTIFIED, POINTS_AWARDED, PROGRAMME_PUBLISHED
from shared.service import ServiceSpec, Timer, run
from shared.topics import MEMBERS, POINTS, PROGRAMMES

SPEC = ServiceSpec(
    name="rewards",
    description="The ledger of points and money: balances, catalogue, redemptions, payouts and bank files.",
    settings=Settings,
    subscriptions=[
        Subscription(PROGRAMMES, PROGRAMME_PUBLISHED.adapter, on_programmes),
        Subscription(MEMBERS, MEMBER_IDENTIFIED.adapter, on_members),
        Subscription(POINTS, POINTS_AWARDED.adapter, on_awards),
    ],
    router=router,
    timers=[
        Timer("expire-reservations", every_seconds=10, run=expire_reservations),
        Timer("mature-points", every_seconds=10, run=mature_points),
        Timer("expire-points", every_seconds=60, run=expire_points),
        Timer("check-ledger", every_seconds=3600, run=check_all),
    ],
)

if __name__ == "__main__":
    run(SPEC)
