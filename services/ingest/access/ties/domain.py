"""Who may be said to be which member."""

from collections.abc import Collection, Sequence

from shared.contracts.facts.people import TIES_MAX_COUNT
from shared.contracts.identities import NamedIdentity, identity_hash

#: In place of a channel, for the keyed hash of a provider's subject.
_SUBJECT = "openid"


class MemberTakenError(Exception):
    """Another person is that member; `person_id` says who."""

    def __init__(self, person_id: str) -> None:
        super().__init__(person_id)
        self.person_id = person_id


class TooManyTiesError(Exception):
    """The person is as many members already as one may be."""


def subject_hash(key: bytes, *, community: str, issuer: str, subject: str) -> str:
    """The keyed hash of who somebody is at a provider, as identities of members have it."""
    return identity_hash(key, community, NamedIdentity(_SUBJECT, subject, issuer))


def tied(members: Sequence[str], member_id: str, *, others: Collection[str]) -> tuple[str, ...]:
    """The members with one more, whom these other people are.

    Raises MemberTakenError where there is one, and TooManyTiesError.
    """
    if others:
        raise MemberTakenError(min(others))
    wanted = {*members, member_id}
    if len(wanted) > TIES_MAX_COUNT:
        raise TooManyTiesError
    return tuple(sorted(wanted))
