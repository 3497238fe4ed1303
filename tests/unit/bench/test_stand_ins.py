"""What the benchmark puts behind ingest's front door is enough for the route to answer."""

from bench import messages
from bench.front_door import Call
from services.ingest.events.domain.admission import BATCH_TYPE


async def test_the_front_door_takes_events_without_what_lies_behind_it() -> None:
    call = Call()
    for body in messages.bodies(messages.events(20), size=10):
        await call(body, BATCH_TYPE.encode())
