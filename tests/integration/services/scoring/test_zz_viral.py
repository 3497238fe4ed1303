"""Not kept: what a vote costs as an object has more and more."""
import time
from typing import Any
import pytest
from services.scoring.quality.handlers.trusting import on_members, work_out
from tests.integration.services.scoring.test_quality import RULES, post, vote, told, compute
pytestmark = pytest.mark.stack

async def test_viral(world: Any) -> None:
    await world.publish(RULES)
    plain = RULES.replace("quality: {score: good, points: 100, trusted: {staff: true, after_days: 0}}", "")
    await world.handle(on_members, told(world, "mod", staff=True))
    await world.score(post(world, "viral", "bob"))
    for batch in range(50):
        events = [vote(world, "viral", "bob", f"m{batch * 2000 + n}") for n in range(2000)]
        t = time.monotonic(); c = time.process_time()
        await world.score(*events)
        if batch % 7 == 0:
            print("VIRAL", batch * 2000, round((time.monotonic() - t) / 2, 3), "ms/1 event", round((time.process_time()-c)/2,3))
    t = time.monotonic()
    await compute(world)
    print("TRUST", time.monotonic() - t, await world.pool.fetchrow("select * from quality_trust_runs where community=$1", world.community))
    for batch in range(3):
        events = [vote(world, f"heavy{batch}-{n}", "bob", "mod") for n in range(1000)]
        t = time.monotonic()
        await world.score(*events)
        print("ONE PAIR", round(time.monotonic() - t, 3), "s for 1000")
