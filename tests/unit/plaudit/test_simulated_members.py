from datetime import UTC, datetime, timedelta
from random import Random

from plaudit.simulated_members import make_members

START = datetime(2026, 4, 1, tzinfo=UTC)


def test_people_join_all_along_and_some_leave():
    members = make_members(Random(1), 300, START, days=90)
    assert {len(member.identities) for member in members} == {2, 3}
    joined = [member.joined_at for member in members if member.joined_at >= START]
    assert len(joined) > 0.25 * len(members)
    assert max(joined) - min(joined) > timedelta(days=60)
    assert sum(1 for one in members if one.left_at and one.left_at < START + timedelta(days=90)) > 10
