"""Scopes that tests give."""

from shared.access_keys import SCOPES, Scope

#: All that one key can have: who reads what is public alone has nothing beside that.
TOGETHER = tuple(scope for scope in SCOPES if scope != Scope.PUBLIC_READ)
