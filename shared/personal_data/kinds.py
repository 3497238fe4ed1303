"""What the register says of a table, and of a type of fact."""

from dataclasses import dataclass
from enum import StrEnum


class Erased(StrEnum):
    """What an erasure does with the rows of a table."""

    #: They go.
    DELETED = "deleted"
    #: Their personal columns are emptied.
    BLANKED = "blanked"
    #: They stay, under an id that is nobody's.
    STAYS = "stays"


@dataclass(frozen=True, slots=True)
class Held:
    """What a table holds of a member.

    `personal` are the columns that say who somebody is, what they wrote or where their money goes, `others` all
    others; `order` is the primary key, `whose` the rows of members $2 in community $1: a condition on a column, or
    several in brackets, each of `t`. `hidden` columns are in no export: secrets and what is sealed.
    """

    table: str
    personal: str
    others: str
    order: str
    erased: Erased
    says: str
    whose: str = "member_id = any($2::uuid[])"
    hidden: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What the data of a type of fact say of a member: `personal` fields, and all `others`.

    `erased` says in words how the personal ones end.
    """

    personal: str
    others: str
    erased: str = ""
