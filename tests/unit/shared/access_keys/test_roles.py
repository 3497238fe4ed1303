"""Roles: what each gives, and that none gives more in the installation than belongs there."""

from shared.access_keys import INSTALLATION, ONLY_IF_ASKED, SCOPES, Role, Scope, scopes_of
from shared.access_keys.roles import INSTALLATION_SCOPES, ROLE_SCOPES


def test_every_role_has_its_scopes_and_every_scope_a_role() -> None:
    assert set(ROLE_SCOPES) == set(Role)
    assert sorted(scopes_of(Role, "acme")) == sorted(SCOPES)


def test_nobody_both_makes_and_approves_by_one_role() -> None:
    for role in Role:
        scopes = scopes_of([role], "acme")
        assert not {Scope.PAYOUTS_WRITE, Scope.PAYOUTS_APPROVE} <= scopes
        assert not {Scope.PROGRAMMES_WRITE, Scope.PROGRAMMES_APPROVE} <= scopes
        # Who says who may what touches no money.
        assert not (Scope.PEOPLE_WRITE in scopes and scopes & ONLY_IF_ASKED)


def test_in_the_installation_a_role_is_for_people_keys_and_communities_alone() -> None:
    assert scopes_of(Role, INSTALLATION) == INSTALLATION_SCOPES
    assert scopes_of([Role.MANAGER], INSTALLATION) == set()


def test_a_role_of_tomorrow_gives_nothing() -> None:
    assert scopes_of(["archbishop"], "acme") == set()
    assert scopes_of(["archbishop", "moderator"], "acme") == scopes_of([Role.MODERATOR], "acme")
    assert scopes_of([Role.MEMBER], "acme") == set()
