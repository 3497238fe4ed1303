"""HTTP routes of who is who."""

from services.ingest.members.api import foreseeing, identities

ROUTERS = (identities.router, foreseeing.router)
