"""Payout runs that are prepared by a schedule of two people: computed at its times, once, approved by nobody."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from services.rewards.approvals.domain import Subject
from services.rewards.approvals.store import lock_entries
from services.rewards.metrics import PAYOUT_SCHEDULES_REFUSED, PAYOUT_TURNS_GIVEN_UP
from services.rewards.payouts.runs.handlers.pieces import carry_on_runs
from services.rewards.payouts.schedules import handlers, store
from services.rewards.payouts.schedules.handlers import prepare_scheduled
from shared.access_keys.store import put_people
from tests.integration.services.backups import backup, restore
from tests.integration.services.rewards.finance import Finance
from tests.integration.services.rewards.office import Office, published
from tests.integration.services.rewards.test_liability import problem
from tests.integration.services.world import person_fact, tie

pytestmark = pytest.mark.stack

SCHEDULES = "/v1/payout-schedules"
MONDAYS = {"effective_from": "2026-01-01", "every": "week", "on_day": 1, "at": "09:30"}


async def propose(finance: Finance, **terms: Any) -> Any:
    headers = {"Idempotency-Key": uuid4().hex}
    return await finance.maker.post(SCHEDULES, json=MONDAYS | terms, headers=headers)


async def in_force(finance: Finance, **terms: Any) -> Any:
    made = await propose(finance, **terms)
    assert made.status_code == 201, made.text
    done = await finance.approver.post(f"{SCHEDULES}/{made.json()['schedule_id']}/approve")
    assert done.status_code == 200, done.text
    return done.json()


async def wake(finance: Finance) -> None:
    """The timers of two workers at once, until runs that they began are computed."""

    async def one() -> None:
        async with finance.world.begin() as tx:
            await prepare_scheduled(tx)

    await asyncio.gather(one(), one())
    async with finance.world.begin() as tx:
        await carry_on_runs(tx)


async def wake_until(finance: Finance, schedule: Any, *states: str) -> list[Any]:
    """What became of a schedule's times, once they are in these states, the newest first."""
    for _ in range(100):
        await wake(finance)
        past = (await finance.maker.get(f"{SCHEDULES}/{schedule['schedule_id']}/times")).json()["items"]
        if [one["state"] for one in past] == list(states):
            return past
    raise AssertionError(past)


def later(finance: Finance, moment: str, **more: Any) -> None:
    """Let it be a moment, or so much after it."""
    finance.world.later = datetime.fromisoformat(moment) + timedelta(**more) - datetime.now(UTC)


async def runs(finance: Finance) -> list[Any]:
    return (await finance.maker.get("/v1/payout-runs")).json()["items"]


async def test_a_schedule_takes_two_people_and_one_stops_it(finance: Finance) -> None:
    made = await propose(finance)
    one = made.json()
    path = f"{SCHEDULES}/{one['schedule_id']}"
    assert (one["is_in_force"], one["next_times"], one["time_zone"]) == (False, [], "UTC")
    assert problem(await finance.maker.post(f"{path}/approve")) == (403, "payout-schedule-four-eyes")
    assert problem(await finance.maker.post(f"{path}/stop")) == (409, "payout-schedule-decided")
    approved = (await finance.approver.post(f"{path}/approve")).json()
    assert len(approved["next_times"]) == 3
    assert problem(await finance.maker.post(f"{path}/withdraw")) == (409, "payout-schedule-decided")
    stopped = (await finance.maker.post(f"{path}/stop")).json()
    assert (stopped["is_in_force"], stopped["next_times"]) == (False, [])
    assert (await finance.approver.post(f"{path}/stop")).json()["stopped_at"] == stopped["stopped_at"]
    later(finance, approved["next_times"][2]["at"], days=1)
    await wake(finance)
    assert await runs(finance) == []
    listed = (await finance.maker.get(SCHEDULES, params={"state": "approved"})).json()["items"]
    assert [found["schedule_id"] for found in listed] == [one["schedule_id"]]
    assert problem(await finance.maker.get(f"{SCHEDULES}/{uuid4()}")) == (404, "unknown-payout-schedule")
    for wrong in ({"on_day": 8}, {"every": "quarter"}, {"month_of_quarter": 1}, {"at": "24:00"}, {"zone": "UTC"}):
        assert (await propose(finance, **wrong)).status_code == 422, wrong


async def test_no_more_schedules_are_in_force_than_may_be(finance: Finance) -> None:
    finance.world.configure(payout_schedules_max_count=1)
    await in_force(finance)
    second = (await propose(finance)).json()
    refused = await finance.approver.post(f"{SCHEDULES}/{second['schedule_id']}/approve")
    assert problem(refused) == (409, "too-many-payout-schedules")
    assert (await finance.maker.get(f"{SCHEDULES}/{second['schedule_id']}")).json()["state"] == "proposed"


async def test_a_run_is_prepared_once_and_who_may_approve_hears_of_it(finance: Finance) -> None:
    world = finance.world
    await tie(world.pool, world.community, finance.approver, world.uuid("eve"))
    await tie(world.pool, world.community, finance.maker, world.uuid("bob"))
    schedule = await in_force(finance)
    first, _, third = schedule["next_times"]
    await wake(finance)
    assert await runs(finance) == []
    # It wakes after three of its times: the last one is made up for, and the day has one run.
    later(finance, third["at"], seconds=1)
    (past,) = await wake_until(finance, schedule, "prepared")
    assert (past["day"], past["missed_count"]) == (third["day"], 2)
    assert past["day"] > first["day"]
    (run,) = await runs(finance)
    assert (run["run_id"], run["state"]) == (past["run_id"], "open")
    assert run["created_by"] == f"schedule:{schedule['schedule_id']}"
    # Whoever proposed the schedule made the run; another approves it, as any other.
    assert problem(await finance.maker.post(f"/v1/payout-runs/{run['run_id']}/approve")) == (403, "four-eyes")
    await world.published()
    told = [one for one in world.messages if one["kind"] == "payout_run_prepared"]
    assert [(one["member_id"], one["values"]) for one in told] == [
        (world.uuid("eve"), {"payouts": "1", "amount": "6.00 EUR", "day": past["day"]})
    ]
    assert (await finance.approve(run)).status_code == 200
    # A week later there is nobody to be paid but who is held.
    await wake(finance)
    assert len(await runs(finance)) == 1


async def test_without_anybody_to_pay_no_run_is_made(finance: Finance) -> None:
    run = await finance.run()
    schedule = await in_force(finance)
    later(finance, schedule["next_times"][0]["at"], seconds=1)
    (past,) = await wake_until(finance, schedule, "nothing")
    assert (past["run_id"], past["reason"]) == (None, "nobody has points that a run would pay")
    assert [one["run_id"] for one in await runs(finance)] == [run["run_id"]]


async def test_a_schedule_of_somebody_who_may_not_make_runs_any_more_says_so(finance: Finance) -> None:
    world = finance.world
    schedule = await in_force(finance)
    person_id = str((await finance.maker.get("/v1/key")).json()["person_id"])
    async with world.pool.acquire() as conn:
        await put_people(conn, [person_fact(world.community, person_id, "member", revision=3)])
    later(finance, schedule["next_times"][0]["at"], seconds=1)
    for _ in range(100):
        async with world.begin() as tx:
            await prepare_scheduled(tx)
        last = (await finance.approver.get(f"{SCHEDULES}/{schedule['schedule_id']}")).json()["last_time"]
        if last is not None:
            break
    assert last["state"] == "refused"
    assert last["reason"].startswith("who proposed the schedule may not make runs any more: ")
    async with world.begin() as tx:
        await prepare_scheduled(tx)
    assert PAYOUT_SCHEDULES_REFUSED._value.get() >= 1


async def test_days_are_those_of_the_community_also_where_its_zone_changes(finance: Finance) -> None:
    async def live_in(*zones: dict[str, Any]) -> None:
        data = orjson.dumps({"calendar": list(zones)}).decode()
        await finance.world.pool.execute(
            """
            insert into followed_communities (community, revision, data) values ($1, 1, $2)
            on conflict (community) do update set data = excluded.data
            """,
            finance.world.community,
            data,
        )

    honolulu = {"time_zone": "Pacific/Honolulu", "week_start": "monday"}
    await live_in(honolulu)
    schedule = await in_force(finance)
    first = schedule["next_times"][0]
    assert datetime.fromisoformat(first["at"]).astimezone(UTC).strftime("%H:%M") == "19:30"
    later(finance, first["at"], seconds=1)
    await wake_until(finance, schedule, "prepared")
    # Two days on its days begin 24 hours earlier: no Monday is there twice, and the next is as the clocks show.
    since = (datetime.fromisoformat(first["at"]) + timedelta(days=2)).replace(hour=10, minute=0)
    await live_in(
        honolulu, {"time_zone": "Pacific/Kiritimati", "week_start": "monday", "since": since.isoformat()}
    )
    later(finance, first["at"], days=3)
    await wake(finance)
    past = (await finance.maker.get(f"{SCHEDULES}/{schedule['schedule_id']}/times")).json()["items"]
    assert [one["day"] for one in past] == [first["day"]]
    following = datetime.fromisoformat(first["at"]).astimezone(UTC) + timedelta(days=7) - timedelta(hours=24)
    later(finance, following.isoformat(), seconds=-1)
    await wake(finance)
    assert len((await finance.maker.get(f"{SCHEDULES}/{schedule['schedule_id']}/times")).json()["items"]) == 1
    later(finance, following.isoformat(), seconds=1)
    past = await wake_until(finance, schedule, "nothing", "prepared")
    assert past[0]["missed_count"] == 0


async def test_the_preview_says_why_payouts_would_wait(finance: Finance) -> None:
    said = (await finance.maker.get("/v1/payout-run-preview")).json()
    assert said["held_for"] == [{"reason": "no bank details", "payouts_count": 1, "amount_minor": 250}]


async def test_schedules_are_there_again_after_a_restore(office: Office) -> None:
    async def propose_at(key: str, *verbs: str) -> Any:
        made = await office.ask("POST", SCHEDULES, key=key, json=MONDAYS | {"on_day": len(key)})
        for verb in verbs:
            by = "approver" if verb == "approve" else "maker"
            await office.ask("POST", f"{SCHEDULES}/{made['schedule_id']}/{verb}", by=by)
        return made

    async with office.open():
        await office.prepare()
        waiting = await propose_at("a")
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        await office.ask("POST", f"{SCHEDULES}/{waiting['schedule_id']}/approve", by="approver")
        await propose_at("bb", "approve", "stop")
        await propose_at("ccc", "withdraw")
        await propose_at("dddd")
        before = (await office.ask("GET", SCHEDULES))["items"]
        await published(office)
    assert [(one["state"], one["is_in_force"]) for one in before] == [
        *(("proposed", False), ("withdrawn", False), ("approved", False), ("approved", True))
    ]
    await restore(office.state, "rewards", saved)
    async with office.open():
        assert (await office.ask("GET", SCHEDULES))["items"] == before


async def test_two_who_approve_at_once_put_one_schedule_in_force_once(finance: Finance) -> None:
    finance.world.configure(payout_schedules_max_count=1)
    one, other = [(await propose(finance)).json() for _ in range(2)]
    answers = await asyncio.gather(
        *(
            finance.approver.post(f"{SCHEDULES}/{schedule['schedule_id']}/approve")
            for schedule in (one, one, other, other)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409]
    listed = (await finance.maker.get(SCHEDULES)).json()["items"]
    assert sorted(found["state"] for found in listed) == ["approved", "proposed"]


async def test_a_schedule_of_the_last_day_there_is_has_no_times_and_holds_nobody_up(finance: Finance) -> None:
    far = await in_force(finance, effective_from="9999-12-31", on_day=3)
    near = await in_force(finance)
    assert far["next_times"] == []
    later(finance, near["next_times"][0]["at"], seconds=1)
    await wake_until(finance, near, "prepared")
    assert (await finance.maker.get(f"{SCHEDULES}/{far['schedule_id']}/times")).json()["items"] == []


async def test_a_schedule_is_looked_at_when_its_next_moment_has_come(finance: Finance) -> None:
    schedule = await in_force(finance)

    async def next_at() -> datetime | None:
        moment: datetime | None = await finance.world.pool.fetchval(
            "select next_at from payout_schedules where community = $1 and schedule_id = $2",
            finance.world.community,
            schedule["schedule_id"],
        )
        return moment

    async def wake_until_next(day: int) -> None:
        for _ in range(100):
            await wake(finance)
            if await next_at() == datetime.fromisoformat(schedule["next_times"][day]["at"]):
                return
        raise AssertionError(await next_at())

    await wake_until_next(0)
    later(finance, schedule["next_times"][0]["at"], seconds=1)
    await wake_until_next(1)
    # One that is stopped just before its moment is not looked at, and has no run.
    assert (await finance.maker.post(f"{SCHEDULES}/{schedule['schedule_id']}/stop")).status_code == 200
    later(finance, schedule["next_times"][1]["at"], seconds=1)
    await wake(finance)
    past = (await finance.maker.get(f"{SCHEDULES}/{schedule['schedule_id']}/times")).json()["items"]
    assert [one["day"] for one in past] == [schedule["next_times"][0]["day"]]


async def test_stopping_a_schedule_at_its_moment_waits_for_nobody_for_ever(finance: Finance) -> None:
    schedule = await in_force(finance)
    later(finance, schedule["next_times"][0]["at"], seconds=1)
    path = f"{SCHEDULES}/{schedule['schedule_id']}"
    stopped, *_ = await asyncio.gather(finance.maker.post(f"{path}/stop"), wake(finance), wake(finance))
    assert stopped.status_code == 200
    past = (await finance.maker.get(f"{path}/times")).json()["items"]
    # Whoever came first: the run is there, or there is none; never two.
    assert len(past) == len(await runs(finance)) <= 1


async def test_a_schedule_that_takes_too_long_undoes_no_others_and_comes_again(
    finance: Finance, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, other = await in_force(finance), await in_force(finance, at="09:31")
    given_up = PAYOUT_TURNS_GIVEN_UP.labels("schedules")._value
    before, as_it_is = given_up.get(), handlers.prepare

    async def prepare(tx: Any, *, idempotency_key: str, **more: Any) -> Any:
        if slow["schedule_id"] in idempotency_key:
            await tx.conn.execute("set local statement_timeout = '20ms'")
            await tx.conn.execute("select pg_sleep(5)")
        return await as_it_is(tx, idempotency_key=idempotency_key, **more)

    monkeypatch.setattr(handlers, "prepare", prepare)
    later(finance, slow["next_times"][0]["at"], minutes=2)
    await wake_until(finance, other, "prepared")
    assert given_up.get() > before
    assert (await finance.maker.get(f"{SCHEDULES}/{slow['schedule_id']}/times")).json()["items"] == []
    # Once it is quick again it has its turn: its day is not lost, and everybody is in the other run already.
    monkeypatch.setattr(handlers, "prepare", as_it_is)
    later(finance, slow["next_times"][0]["at"], minutes=2, seconds=handlers.AGAIN_AFTER.total_seconds() + 60)
    await wake_until(finance, slow, "nothing")


async def test_a_worker_that_gives_one_up_waits_for_nobody_who_is_at_it(finance: Finance) -> None:
    slow = await in_force(finance)
    key = store.Key(finance.world.community, slow["schedule_id"])
    async with finance.world.begin() as other, finance.world.begin() as giving_up:
        # Of two workers the other has the community's lock, and then the schedule.
        await lock_entries(other.conn, subject=Subject.PAYOUT_SCHEDULE, community=key.community)
        await store.lock_standing(other.conn, key)
        before = await next_at(finance, key)
        await giving_up.conn.execute("set local lock_timeout = '1s'")
        await store.put_off(giving_up.conn, [key], at=giving_up.now)
    assert await next_at(finance, key) == before
    async with finance.world.begin() as tx:
        await store.put_off(tx.conn, [key], at=tx.now)
    assert await next_at(finance, key) == tx.now


async def next_at(finance: Finance, key: store.Key) -> Any:
    """When a schedule is looked at next."""
    async with finance.world.begin() as tx:
        return await tx.conn.fetchval(
            "select next_at from payout_schedules where community = $1 and schedule_id = $2", *key
        )
