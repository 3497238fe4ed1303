"""Who is who: an identity within a channel belongs to one member of the community."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple

from shared.contracts.facts import DatedKind, Standing
from shared.contracts.fields import Uuid
from shared.contracts.identities import NamedIdentity

#: Each fact of a member has all of them, and so does each answer: of 5,000 a further one took a second.
MEMBER_IDENTITIES_MAX_COUNT = 500


class IdentityKey(NamedTuple):
    """An identity among those of every community; `host` is empty where the channel is one."""

    community: str
    channel: str
    id: str
    host: str = ""

    @property
    def identity(self) -> NamedIdentity:
        """The identity within the community."""
        return NamedIdentity(self.channel, self.id, self.host)


class ToldIdentity(NamedTuple):
    """An identity that the database has forgotten: its hash, as it was told, is known until it is seen."""

    community: str
    hash: str
    channel: str
    member_id: str


class MemberKey(NamedTuple):
    """A member among those of every community."""

    community: str
    member_id: str


class BotBy(StrEnum):
    """By whose word a member is no person."""

    PLATFORM = "platform"
    PATTERN = "pattern"
    HAND = "hand"


class Marks(NamedTuple):
    """What a member is beside a person, by whose word, and what follows: whether it `earns`, and boards show it.

    Who `is_person` by hand is no bot, whatever a platform or a pattern says.
    """

    bot_by: BotBy | None = None
    is_person: bool = False
    staff_by: BotBy | None = None
    departed_by: BotBy | None = None
    hidden_by: BotBy | None = None
    off_boards_wish: bool = False
    earns: bool = True
    ranks: bool = True

    @property
    def standing(self) -> dict[Standing, BotBy]:
        """What it is of what communities have rules for, and by whose word."""
        held: dict[Standing, BotBy | None] = {
            "staff": self.staff_by,
            "departed": self.departed_by,
            "hidden": self.hidden_by,
        }
        return {name: by for name, by in held.items() if by is not None}

    def with_standing(self, standing: Mapping[Standing, BotBy | None]) -> "Marks":
        """The marks with what is said of some; None is not so."""
        held: dict[Standing, BotBy | None] = {"staff": None, "departed": None, "hidden": None}
        held |= self.standing | dict(standing)
        return self._replace(staff_by=held["staff"], departed_by=held["departed"], hidden_by=held["hidden"])


class NamedBy(IntEnum):
    """Whose word a name is; the greater outweighs the less, whenever it was said."""

    OTHERS = 0
    SELF = 1
    DECLARED = 2


Value = str | bool | int | float


class Dated(NamedTuple):
    """What is so of a member from `since` on, until the next of its kind and name; `source` is who knew it.

    Of what was said of one moment the last by `said_at` counts. What `travels` is told to every service.
    """

    kind: DatedKind
    name: str
    since: datetime
    said_at: datetime
    value: Value
    source: str
    travels: bool


class Email(NamedTuple):
    """The keyed hash of a mail address, and whether the platform that says it has verified it."""

    hash: str
    is_verified: bool


class ProvenBy(StrEnum):
    """What proved that an identity is a member's: an address, a provider's subject, or a token of the member."""

    EMAIL = "email"
    SUBJECT = "subject"
    TOKEN = "token"  # noqa: S105 -- a word


class Proven(NamedTuple):
    """Whose an identity is by what somebody showed: a member's, or, for None, nobody's yet.

    `subject_hash` is the keyed hash of who a provider says that they are.
    """

    by: ProvenBy
    member_id: str | None
    subject_hash: str | None = None


class SaidName(NamedTuple):
    """A name, by whom it was said and when: of two, the greater is the one to show, in whatever order they come.

    Of several of one kind that is the newest by event time; of those at one time, the last in the alphabet.
    """

    by: NamedBy
    at: datetime
    name: str


class Owner(NamedTuple):
    """The member that an identity belongs to, the name the member is known by, if any, and whether it is a bot."""

    member_id: str
    said: SaidName | None
    bot_by: BotBy | None = None
    is_person: bool = False
    earns: bool = True


class NewMember(NamedTuple):
    """Somebody seen or declared for the first time, through an identity on `channel`."""

    community: str
    member_id: str
    said: SaidName | None
    channel: str
    first_seen_at: datetime


class Member(NamedTuple):
    """A member with every identity known so far, in their order; each change has a higher `revision`.

    `merged_into` is whom it belongs to by merges, None for nobody; `merged_ids` are all who belong to it.
    """

    community: str
    member_id: str
    said: SaidName | None
    channel: str
    first_seen_at: datetime
    revision: int
    identities: tuple[NamedIdentity, ...]
    marks: Marks = Marks()
    told: tuple[ToldIdentity, ...] = ()
    merged_into: str | None = None
    merged_ids: tuple[str, ...] = ()

    @property
    def name(self) -> str | None:
        """The name to show."""
        return None if self.said is None else self.said.name

    @property
    def bot_by(self) -> BotBy | None:
        """By whose word it is no person."""
        return self.marks.bot_by


class MemberPlace(NamedTuple):
    """Where a page of members ended."""

    member_id: Uuid

    @classmethod
    def of(cls, member: Member) -> "MemberPlace":
        """The place of a member."""
        return cls(member.member_id)


class UnknownMemberError(Exception):
    """There is no member of that id."""

    def __init__(self, member_id: str) -> None:
        super().__init__(f"there is no member {member_id}")


class TooManyIdentitiesError(Exception):
    """A member would have more identities than fit."""

    def __init__(self) -> None:
        super().__init__(f"one member has {MEMBER_IDENTITIES_MAX_COUNT} identities at most")


class ErasedIdentityError(Exception):
    """Identities were those of somebody who was erased."""

    def __init__(self) -> None:
        super().__init__("whoever had it wished to be forgotten")


class DifferentMembersError(Exception):
    """Identities that are to be one person already belong to several members."""

    def __init__(self, member_ids: Sequence[str]) -> None:
        super().__init__(", ".join(member_ids))
        self.member_ids = member_ids


class FasterError(Exception):
    """Somebody else had an identity first that was nobody's a moment ago."""


@dataclass(frozen=True)
class Declaration:
    """What declaring some identities as one person means: the member, and which identities are new to it."""

    member_id: str
    is_new: bool
    new_identities: list[IdentityKey]


def declare(
    identities: Iterable[IdentityKey], known: Mapping[IdentityKey, str], *, new_member_id: str
) -> Declaration:
    """Make some identities one person; `known` has the member ids of those that belong to somebody.

    Nobody's become `new_member_id`'s.

    Raises DifferentMembersError when they already belong to more than one member: merging members is a decision of
    its own.
    """
    ordered = sorted(set(identities))
    members = sorted({known[identity] for identity in ordered if identity in known})
    if len(members) > 1:
        raise DifferentMembersError(members)
    missing = [identity for identity in ordered if identity not in known]
    if members:
        return Declaration(members[0], False, missing)
    return Declaration(new_member_id, True, missing)
