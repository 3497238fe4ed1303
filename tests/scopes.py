"""Scopes that tests give."""

from shared.access_keys import SCOPES, together

#: All that one key can have: who reads what is public alone has nothing beside that.
TOGETHER = together(SCOPES)
