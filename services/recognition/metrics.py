"""Every metric of recognition, each with what it means."""

from prometheus_client import Counter

AWARDS = Counter("plaudit_recognition_awards_total", "Awards and amendments added to their members' totals")
COUNTED_EVENTS = Counter(
    "plaudit_recognition_counted_events_total",
    "Events that met a rule which a badge counts, came into a member's number or went out of it",
)
GRANTS = Counter(
    "plaudit_recognition_grants_total",
    "Badges and levels granted or taken back",
    ["kind", "direction"],
)
REEVALUATED_MEMBERS = Counter(
    "plaudit_recognition_reevaluated_members_total",
    "Members brought in line with a new programme version",
)

# Known from the start, so that a rate shows zero and the first grant is not missed.
for _kind in ("badge", "level"):
    for _direction in ("granted", "taken_back"):
        GRANTS.labels(_kind, _direction)
