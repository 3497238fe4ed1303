"""HTTP routes of badges."""

from services.recognition.badges.api import backfill, by_hand, catalogue, of_member, pictures

ROUTERS = tuple(part.router for part in (catalogue, of_member, by_hand, pictures, backfill))
