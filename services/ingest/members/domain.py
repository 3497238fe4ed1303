"""Who is who: an identity within a channel belongs to one member of the community."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple

from shared.contracts.fields import Uuid
from shared.contracts.identities import NamedIdentity


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


class NamedBy(IntEnum):
    """Whose word a name is; the greater outweighs the less, whenever it was said."""

    OTHERS = 0
    SELF = 1
    DECLARED = 2


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


class NewMember(NamedTuple):
    """Somebody seen or declared for the first time, through an identity on `channel`."""

    community: str
    member_id: str
    said: SaidName | None
    channel: str
    first_seen_at: datetime


class Member(NamedTuple):
    """A member with every identity known so far, in their order; each change has a higher `revision`."""

    community: str
    member_id: str
    said: SaidName | None
    channel: str
    first_seen_at: datetime
    revision: int
    identities: tuple[NamedIdentity, ...]
    bot_by: BotBy | None = None
    told: tuple[ToldIdentity, ...] = ()

    @property
    def name(self) -> str | None:
        """The name to show."""
        return None if self.said is None else self.said.name


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


class DifferentMembersError(Exception):
    """Identities that are to be one person already belong to several members."""

    def __init__(self, member_ids: Sequence[str]) -> None:
        super().__init__(", ".join(member_ids))
        self.member_ids = member_ids


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

    Raises DifferentMembersError when they already belong to more than one member: merging members would
    have to move what they earned, which is a decision of its own.
    """
    ordered = sorted(set(identities))
    members = sorted({known[identity] for identity in ordered if identity in known})
    if len(members) > 1:
        raise DifferentMembersError(members)
    missing = [identity for identity in ordered if identity not in known]
    if members:
        return Declaration(members[0], False, missing)
    return Declaration(new_member_id, True, missing)
