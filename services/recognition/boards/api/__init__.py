"""HTTP routes of boards."""

from services.recognition.boards.api import of_member, results, routes

ROUTERS = (routes.router, results.router, of_member.router)
