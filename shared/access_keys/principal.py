"""Who calls."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from shared.access_keys.public import VISITOR_PREFIX, is_publishable
from shared.access_keys.roles import INSTALLATION, PersonKind
from shared.access_keys.scopes import Scope


class Refusal(StrEnum):
    """Why what was shown lets nobody in."""

    UNKNOWN_KEY = "unknown_key"
    EXPIRED_KEY = "expired_key"
    DISABLED_PERSON = "disabled_person"
    INVALID_TOKEN = "invalid_token"  # noqa: S105 -- a reason
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 -- a reason


class OtherCommunityError(Exception):
    """The caller's authority does not reach what they want to see or change; the message says why."""


@dataclass(frozen=True)
class Principal:
    """Who calls: a person, for one community, by a credential.

    The credential is the id of an access key, or `token:` and the id of a token. `scopes` are what they may do
    there; `member_id` is set where they are that member, who may read what is their own. `public` is what the
    community shows to everybody, where that is what the credential may read. With the bootstrap key
    somebody calls who is no person yet: `community` and `person_id` are empty.
    """

    community: str
    person_id: str
    person_name: str
    kind: PersonKind
    roles: frozenset[str]
    scopes: frozenset[str]
    credential: str
    member_id: str | None = None
    public: frozenset[str] = frozenset()

    @property
    def is_publishable(self) -> bool:
        """Whether the credential may stand in a browser: it reads what is public alone."""
        return is_publishable(self.scopes)

    @property
    def is_visitor(self) -> bool:
        """Whether it is somebody without a credential, who reads what is public alone."""
        return self.credential.startswith(VISITOR_PREFIX)

    @property
    def is_bootstrap(self) -> bool:
        """Whether this is the bootstrap key, which adds people and issues their first keys, and nothing else."""
        return self.credential == BOOTSTRAP_CREDENTIAL

    def may_act_in(self, community: str) -> bool:
        """Whether the caller's authority over people, keys and what a community is reaches that community."""
        return self.is_bootstrap or self.community in (community, INSTALLATION)


def visitor(community: str, public: Collection[str]) -> Principal:
    """Somebody without a credential at a community, which shows that to everybody."""
    return Principal(
        community=community,
        person_id="",
        person_name="a visitor",
        kind=PersonKind.PERSON,
        roles=frozenset(),
        scopes=frozenset({Scope.PUBLIC_READ}),
        credential=f"{VISITOR_PREFIX}{community}",
        public=frozenset(public),
    )


BOOTSTRAP_CREDENTIAL = "bootstrap"
BOOTSTRAP = Principal(
    "", "", "the bootstrap key", PersonKind.SERVICE, frozenset(), frozenset[Scope](), BOOTSTRAP_CREDENTIAL
)


def check_reach(caller: Principal, community: str) -> None:
    """Return when the caller's authority reaches the community. Raises OtherCommunityError otherwise."""
    if not caller.may_act_in(community):
        raise OtherCommunityError(f"The credential is of {caller.community}, and this is about {community}")
