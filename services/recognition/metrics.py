"""Every metric of recognition, each with what it means."""

from prometheus_client import Counter

from shared.contracts.facts.celebrations import REACTIONS
from shared.contracts.programme import NUDGE_KINDS

NUDGES_BECAME = ("asked_for", "held_out", "often", "passed")

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

TURNS_GIVEN_UP = Counter(
    "plaudit_recognition_turns_given_up_total",
    "Times that a kind of work for a community was left for later because it took too long",
    ["work"],
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
LEVELS_LOOKED_AT = Counter(
    "plaudit_recognition_levels_looked_at_total",
    "Members whose levels were looked at, as something changed, time passed, or a version asks for others",
)
LEVELS_BY_HAND = Counter(
    "plaudit_recognition_levels_by_hand_total", "Levels that people fixed and let go again", ["direction"]
)
STREAK_FREEZES = Counter("plaudit_recognition_streak_freezes_total", "Freezes of streaks that people gave")
BADGES_BY_HAND = Counter(
    "plaudit_recognition_badges_by_hand_total", "Badges that people gave and took back", ["direction"]
)

BOARD_CHANGES = Counter(
    "plaudit_recognition_board_changes_total",
    "Changes of how many members of boards have how many points, added up",
)
BOARD_CUTS = Counter("plaudit_recognition_board_results_total", "Results of boards that were kept", ["state"])
BOARD_PRIZES = Counter("plaudit_recognition_board_prizes_total", "Prizes of boards that members won")
CELEBRATIONS = Counter(
    "plaudit_recognition_celebrations_total", "Milestones, badges and levels that were celebrated", ["kind"]
)
CELEBRATION_REACTIONS = Counter(
    "plaudit_recognition_celebration_reactions_total",
    "Celebrations that members reacted to, by what with, or saw",
    ["reaction"],
)
ANNIVERSARIES_LOOKED_AT = Counter(
    "plaudit_recognition_anniversaries_looked_at_total",
    "Members whose years were looked at, as one is over or something changed since when they are counted",
)
QUEST_MEMBERS = Counter(
    "plaudit_recognition_quest_members_total",
    "Members looked at again, as something changed that quests go by",
)
CREDENTIALS = Counter(
    "plaudit_recognition_credentials_total",
    "Badges that members took away, and those that were revoked as their member was erased",
    ["became"],
)
QUESTS_JOINED = Counter("plaudit_recognition_quests_joined_total", "Quests that members joined", ["how"])

NUDGES = Counter(
    "plaudit_recognition_nudges_total",
    "Occasions for nudges, by what became of each: asked_for, held_out, often (the member had enough), or passed "
    "(it is none any more, or nobody may get it)",
    ["kind", "became"],
)

# Known from the start, so that a rate shows zero and the first grant is not missed.
for _kind in ("badge", "level", "quest"):
    for _direction in ("granted", "taken_back"):
        GRANTS.labels(_kind, _direction)
for _state in ("provisional", "final"):
    BOARD_CUTS.labels(_state)
for _direction in ("granted", "taken_back"):
    BADGES_BY_HAND.labels(_direction)
for _direction in ("locked", "unlocked"):
    LEVELS_BY_HAND.labels(_direction)
for _kind in ("milestone", "badge", "level"):
    CELEBRATIONS.labels(_kind)
for _reaction in (*REACTIONS, "seen"):
    CELEBRATION_REACTIONS.labels(_reaction)
for _became in ("taken_away", "revoked"):
    CREDENTIALS.labels(_became)
for _how in ("alone", "team"):
    QUESTS_JOINED.labels(_how)
for _kind in NUDGE_KINDS:
    for _became in NUDGES_BECAME:
        NUDGES.labels(_kind, _became)
