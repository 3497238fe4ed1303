"""Every metric of recognition, each with what it means."""

from prometheus_client import Counter

AWARDS = Counter("plaudit_recognition_awards_total", "Awards and amendments added to their members' totals")
COUNTED_EVENTS = Counter(
    "plaudit_recognition_counted_events_total",
    "Events that met a rule which a badge counts, came into a member's number or went out of it",
)
GRANTS = Counter(
    "plaudit_recognition_grants_total",
    "Badges, levels and quests granted or taken back",
    ["kind", "direction"],
)
REEVALUATED_MEMBERS = Counter(
    "plaudit_recognition_reevaluated_members_total",
    "Members brought in line with a new programme version",
)

LOOKED_AT_MEMBERS = Counter(
    "plaudit_recognition_looked_at_members_total",
    "Members looked at again, as something changed that badges ask for",
)
BACKFILLED_MEMBERS = Counter(
    "plaudit_recognition_backfilled_members_total",
    "Members looked at by a version whose badges ask for something else",
)
BACKFILLS = Counter(
    "plaudit_recognition_backfills_total",
    "Communities all of whose members were looked at by such a version",
)
BADGES_BY_HAND = Counter(
    "plaudit_recognition_badges_by_hand_total", "Badges that people gave and took back", ["direction"]
)

QUEST_MEMBERS = Counter(
    "plaudit_recognition_quest_members_total",
    "Members looked at again, as something changed that quests go by",
)
QUESTS_JOINED = Counter("plaudit_recognition_quests_joined_total", "Quests that members joined", ["how"])

# Known from the start, so that a rate shows zero and the first grant is not missed.
for _kind in ("badge", "level", "quest"):
    for _direction in ("granted", "taken_back"):
        GRANTS.labels(_kind, _direction)
for _direction in ("granted", "taken_back"):
    BADGES_BY_HAND.labels(_direction)
for _how in ("alone", "team"):
    QUESTS_JOINED.labels(_how)
