"""HTTP routes of badges."""

from fastapi import APIRouter

from services.recognition.badges.api import backfill, by_hand, catalogue, of_member, pictures

router = APIRouter()
for part in (catalogue, of_member, by_hand, pictures, backfill):
    router.include_router(part.router)
