"""Which scopes a key has alone: said once, for whoever issues keys or asks for them."""

import pytest

from shared.access_keys import ALONE, SCOPES, Scope, go_together, is_publishable, together


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_goes_with_others_unless_it_stands_alone(scope: str) -> None:
    other = Scope.POINTS_READ if scope != Scope.POINTS_READ else Scope.EVENTS_WRITE
    assert go_together([scope])
    assert go_together([scope, scope])
    assert go_together([scope, other]) == (scope not in ALONE)


def test_all_that_go_together_are_all_but_those() -> None:
    assert go_together(together(SCOPES))
    assert {*together(SCOPES), *ALONE} == set(SCOPES)
    assert [scope for scope in SCOPES if is_publishable([scope])] == sorted(ALONE)
