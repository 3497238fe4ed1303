"""A programme: the rules of a community, in the sections that each service reads.

scoring reads `rules`, recognition reads `recognition`, rewards reads `rewards`. A programme is written in
YAML, published as a version, and never changed afterwards.
"""

from shared.contracts.programme.document import IDS, REFERENCES, Programme
from shared.contracts.programme.ids import IdsError, Path, Reference, RepeatedId, UnknownId, id_problems
from shared.contracts.programme.recognition import (
    BADGES_MAX_COUNT,
    LEVELS_MAX_COUNT,
    Badge,
    Counted,
    Level,
    Recognition,
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
    CONDITION_MAX_CHARS,
    LIMITS_OF_RULE_MAX_COUNT,
    RULES_MAX_COUNT,
    EventType,
    Rule,
    RuleLimit,
    SharedLimit,
    Slot,
)
from shared.contracts.programme.section import RULE_POINTS_MAX, PositivePoints, Section

__all__ = [
    "BADGES_MAX_COUNT",
    "CATALOGUE_MAX_COUNT",
    "CONDITION_MAX_CHARS",
    "IBAN_PATTERN",
    "IDS",
    "LEVELS_MAX_COUNT",
    "LIMITS_OF_RULE_MAX_COUNT",
    "REFERENCES",
    "RULES_MAX_COUNT",
    "RULE_POINTS_MAX",
    "Badge",
    "CatalogueReward",
    "Counted",
    "EventType",
    "IdsError",
    "Level",
    "Path",
    "PayingAccount",
    "PayoutTerms",
    "PositivePoints",
    "Programme",
    "Recognition",
    "Reference",
    "RepeatedId",
    "Rewards",
    "Rule",
    "RuleLimit",
    "Section",
    "SharedLimit",
    "Slot",
    "UnknownId",
    "id_problems",
]
