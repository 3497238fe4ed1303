"""HTTP routes of rewards: parse, call a handler, answer."""

from fastapi import APIRouter

from services.rewards.api import ledger, members, payouts, redemptions, runs

router = APIRouter()
for part in (members, redemptions, payouts, runs, ledger):
    router.include_router(part.router)
