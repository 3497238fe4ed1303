"""Who pays in the tests: two people with access keys."""

from typing import Any
from uuid import uuid4

IBANS = {"ada": "NL91ABNA0417164300", "bob": "FR1420041010050500013M02606", "eve": "AT611904300234573201"}


class Finance:
    """Two people with access keys: one makes runs, the other approves."""

    def __init__(self, world: Any, maker: Any, approver: Any) -> None:
        self.world, self.maker, self.approver = world, maker, approver

    async def payee(self, member: str, name: str | None = None) -> Any:
        body = {"name": name or f"{member.title()} Müller", "iban": IBANS[member]}
        return await self.maker.put(f"/v1/payees/{self.world.uuid(member)}", json=body)

    async def run(self, key: str | None = None) -> Any:
        answer = await self.maker.post("/v1/payout-runs", headers={"Idempotency-Key": key or uuid4().hex})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def approve(self, run: Any) -> Any:
        return await self.approver.post(f"/v1/payout-runs/{run['run_id']}/approve")

    async def file(self, run: Any) -> Any:
        return await self.maker.post(f"/v1/payout-runs/{run['run_id']}/file")

    async def outcome(self, run: Any, state: str, **more: Any) -> Any:
        return await self.maker.post(f"/v1/payout-runs/{run['run_id']}/outcome", json={"state": state, **more})

    async def payouts(self, run: Any) -> dict[str, Any]:
        answer = await self.maker.get("/v1/payouts", params={"run": run["run_id"]})
        members = {self.world.uuid(name): name for name in IBANS}
        return {members[one["member_id"]]: one for one in answer.json()["items"]}
