"""HTTP routes of nudges: what the programme has, what was decided, and a member's own."""

from services.recognition.nudges.api import routes

ROUTERS = (routes.router,)
