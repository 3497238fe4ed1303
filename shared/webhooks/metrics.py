"""What a service counts of its deliveries."""

from typing import Final

from prometheus_client import Counter, Gauge

#: What became of a try: taken, or why not.
OUTCOMES: Final = ("delivered", "status", "gone", "timeout", "refused_address", "not_reached", "not_opened")
DELIVERIES = Counter("plaudit_webhook_tries_total", "Tries to deliver facts, by what became of them", ["outcome"])
for _outcome in OUTCOMES:
    DELIVERIES.labels(_outcome)
GIVEN_UP = Counter(
    "plaudit_webhook_given_up_total", "Endpoints to which nothing is delivered any more, by why", ["trouble"]
)
for _trouble in ("gone", "failing", "too_many_waiting"):
    GIVEN_UP.labels(_trouble)
EXHAUSTED = Counter("plaudit_webhook_exhausted_total", "Deliveries that were tried for a day, and failed")
NOTED = Counter("plaudit_webhook_noted_total", "Facts noted to be delivered, once for each endpoint")
WAITING = Gauge("plaudit_webhook_waiting_deliveries", "Deliveries that wait, for endpoints that are enabled")
OLDEST = Gauge("plaudit_webhook_oldest_seconds", "How long the oldest of them has waited; 0 when none does")
FAILING = Gauge("plaudit_webhook_endpoints_failing", "Endpoints that took nothing when something was tried last")
