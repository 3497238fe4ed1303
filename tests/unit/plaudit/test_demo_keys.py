"""The demo's keys can be issued: who reads what is public alone has nothing beside that."""

from plaudit.demo import APPROVER, MAKER
from shared.access_keys import Scope


def test_no_key_of_the_demo_is_a_publishable_one_with_more() -> None:
    for scopes in (MAKER, APPROVER):
        assert len(scopes) > 1
        assert Scope.PUBLIC_READ not in scopes
