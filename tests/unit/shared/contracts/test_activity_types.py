"""Each type of activity says of itself what its class says."""

from typing import get_args, get_type_hints

import pytest

from shared.contracts.activities import (
    ACTIVITIES,
    ACTIVITY_ADAPTER,
    ACTIVITY_TYPES,
    TYPES,
    ActivityType,
    activity_type,
)


@pytest.mark.parametrize("activity", TYPES, ids=lambda activity: activity.name)
def test_a_type_has_the_name_of_its_envelope(activity: ActivityType) -> None:
    assert get_args(get_type_hints(activity.envelope)["type"]) == (activity.name,)
    assert activity_type(activity.envelope) == activity.name
    assert [example["type"] for example in activity.examples] == [activity.name] * len(activity.examples)


def test_every_type_is_known_by_one_name() -> None:
    assert len({*ACTIVITY_TYPES}) == len({*ACTIVITIES}) == len(TYPES)
    assert set(ACTIVITY_TYPES) == set(ACTIVITY_ADAPTER.json_schema()["discriminator"]["mapping"])
