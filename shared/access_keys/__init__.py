"""Access keys and people: what they may do, whose a key is, and each service's copy of both."""

from shared.access_keys.follower import FOLLOWED_ACCESS_KEYS, FOLLOWED_PEOPLE
from shared.access_keys.principal import BOOTSTRAP, OtherCommunityError, Principal, Refusal, check_reach
from shared.access_keys.public import Public, is_publishable
from shared.access_keys.ring import KEY_PREFIX, KeyRing, hash_secret
from shared.access_keys.roles import INSTALLATION, INSTALLATION_ROLES, PersonKind, Role, decides, scopes_of
from shared.access_keys.scopes import ALONE, ONLY_IF_ASKED, SCOPES, Scope, go_together, together
from shared.access_keys.standing import Standing, load_standings
from shared.access_keys.store import FollowedPerson, find_person, load_clock
from shared.access_keys.ties import AboutYourselfError, check_not_about_oneself, load_own

__all__ = [
    "ALONE",
    "BOOTSTRAP",
    "FOLLOWED_ACCESS_KEYS",
    "FOLLOWED_PEOPLE",
    "INSTALLATION",
    "INSTALLATION_ROLES",
    "KEY_PREFIX",
    "ONLY_IF_ASKED",
    "SCOPES",
    "AboutYourselfError",
    "FollowedPerson",
    "KeyRing",
    "OtherCommunityError",
    "PersonKind",
    "Principal",
    "Public",
    "Refusal",
    "Role",
    "Scope",
    "Standing",
    "check_not_about_oneself",
    "check_reach",
    "decides",
    "find_person",
    "go_together",
    "hash_secret",
    "is_publishable",
    "load_clock",
    "load_own",
    "load_standings",
    "scopes_of",
    "together",
]
