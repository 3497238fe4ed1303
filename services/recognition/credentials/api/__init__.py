"""HTTP routes of badges that members take away."""

from services.recognition.credentials.api import issuers, of_member, public

ROUTERS = tuple(part.router for part in (of_member, issuers, public))
