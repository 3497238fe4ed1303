"""Who is who: an identity within a channel belongs to one member of the community."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

IdentityKey = tuple[str, str, str]  # community, channel, id within the channel
MEMBER_NAMESPACE = uuid.UUID("5c1d2f7a-9f0b-5e65-b7b4-1f8d4c0e2b02")


class DifferentMembersError(Exception):
    """Identities that are to be one person already belong to several members."""


def new_member_id(first: IdentityKey) -> str:
    """The id of the member whose first identity this is: the same whoever computes it, and however often."""
    return str(uuid.uuid5(MEMBER_NAMESPACE, "\x1f".join(first)))


@dataclass(frozen=True)
class Declaration:
    """What declaring some identities as one person means: the member, and which identities are new to it."""

    member_id: str
    is_new: bool
    new_identities: list[IdentityKey]


def declare(identities: Iterable[IdentityKey], known: Mapping[IdentityKey, str]) -> Declaration:
    """Make some identities one person.

    Raises DifferentMembersError when they already belong to more than one member: merging members would
    have to move what they earned, which is a decision of its own.
    """
    ordered = sorted(set(identities))
    members = sorted({known[one] for one in ordered if one in known})
    if len(members) > 1:
        raise DifferentMembersError(", ".join(members))
    missing = [one for one in ordered if one not in known]
    if members:
        return Declaration(members[0], False, missing)
    return Declaration(new_member_id(ordered[0]), True, missing)
