"""Communities of their own on the running platform."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from plaudit.stack import StackState
from tests.e2e.community import Community


@pytest.fixture
def new_community(platform: StackState) -> Callable[[], Community]:
    """Makes communities that no other test uses."""
    return lambda: Community(platform, f"e2e-{uuid4().hex[:10]}")
