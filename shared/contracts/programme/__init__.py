"""A programme: the rules of a community, in the sections that each service reads.

ingest reads `attributes` and `events`, scoring `events`, `audiences`, `rules`, `campaigns`, `manual`, `quality`,
`signals` and `guidelines`, recognition `recognition`, rewards `rewards`. A programme is written in YAML, published
as a version, and never changed afterwards.
"""

from shared.contracts.programme.attributes import ATTRIBUTES_MAX_COUNT, Attribute
from shared.contracts.programme.audiences import Audience, AudienceMeasure
from shared.contracts.programme.campaigns import CAMPAIGNS_MAX_COUNT, Budget, Campaign, Pacing, RuleBudget
from shared.contracts.programme.document import IDS, REFERENCES, Programme
from shared.contracts.programme.event_types import CustomEventType, EventChannel, EventField, Events
from shared.contracts.programme.guidelines import PENALTY_RULE, Category, Guidelines, WordList
from shared.contracts.programme.ids import IdsError, Path, Reference, RepeatedId, UnknownId, id_problems
from shared.contracts.programme.manual import Manual, ManualLimit, ManualReason
from shared.contracts.programme.milestones import MILESTONES_MAX_COUNT, Milestone
from shared.contracts.programme.quality import JudgementWeights, Quality, TrustedMembers
from shared.contracts.programme.recognition import (
    BADGES_MAX_COUNT,
    EVERY_DAY,
    LEVELS_MAX_COUNT,
    STREAKS_MAX_COUNT,
    Art,
    Badge,
    Colour,
    Counted,
    Freezes,
    Glyph,
    Level,
    Recognition,
    Shape,
    Streak,
    Tier,
)
from shared.contracts.programme.rewards import (
    CATALOGUE_MAX_COUNT,
    IBAN_PATTERN,
    CatalogueReward,
    PayingAccount,
    PayoutTerms,
    Rewards,
)
from shared.contracts.programme.rules import (
    GRACE_COUNT,
    GRACE_MAX_COUNT,
    LIMITS_OF_RULE_MAX_COUNT,
    RULES_MAX_COUNT,
    Rule,
    RuleLimit,
    SharedLimit,
)
from shared.contracts.programme.section import RULE_POINTS_MAX, PositivePoints, Section
from shared.contracts.programme.signals import RING_MAX_COUNT, Signals
from shared.contracts.programme.worth import (
    CONDITION_MAX_CHARS,
    SPENDABLE,
    TURNS_MAX_COUNT,
    CalculatedPoints,
    Cooldown,
    DeclaredGoal,
    DeclaredScore,
    Diminishing,
    Multiplier,
    Slot,
)

__all__ = [
    "ATTRIBUTES_MAX_COUNT",
    "BADGES_MAX_COUNT",
    "CAMPAIGNS_MAX_COUNT",
    "CATALOGUE_MAX_COUNT",
    "CONDITION_MAX_CHARS",
    "EVERY_DAY",
    "GRACE_COUNT",
    "GRACE_MAX_COUNT",
    "IBAN_PATTERN",
    "IDS",
    "LEVELS_MAX_COUNT",
    "LIMITS_OF_RULE_MAX_COUNT",
    "MILESTONES_MAX_COUNT",
    "PENALTY_RULE",
    "REFERENCES",
    "RING_MAX_COUNT",
    "RULES_MAX_COUNT",
    "RULE_POINTS_MAX",
    "SPENDABLE",
    "STREAKS_MAX_COUNT",
    "TURNS_MAX_COUNT",
    "Art",
    "Attribute",
    "Audience",
    "AudienceMeasure",
    "Badge",
    "Budget",
    "CalculatedPoints",
    "Campaign",
    "CatalogueReward",
    "Category",
    "Colour",
    "Cooldown",
    "Counted",
    "CustomEventType",
    "DeclaredGoal",
    "DeclaredScore",
    "Diminishing",
    "EventChannel",
    "EventField",
    "Events",
    "Freezes",
    "Glyph",
    "Guidelines",
    "IdsError",
    "JudgementWeights",
    "Level",
    "Manual",
    "ManualLimit",
    "ManualReason",
    "Milestone",
    "Multiplier",
    "Pacing",
    "Path",
    "PayingAccount",
    "PayoutTerms",
    "PositivePoints",
    "Programme",
    "Quality",
    "Recognition",
    "Reference",
    "RepeatedId",
    "Rewards",
    "Rule",
    "RuleBudget",
    "RuleLimit",
    "Section",
    "Shape",
    "SharedLimit",
    "Signals",
    "Slot",
    "Streak",
    "Tier",
    "TrustedMembers",
    "UnknownId",
    "WordList",
    "id_problems",
]
