"""Pages of entries at rewards that one person proposes and another puts in force: one of them, and deciding it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from console.frame.approvers import approvers
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page

WRITE: Final = "payouts:write"
APPROVE: Final = "payouts:approve"
UNPROCESSABLE: Final = 422


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


def _nothing(_visit: Visit, _entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class Entries:
    """Entries of one kind: where they are on pages and at rewards, and what the page of one shows.

    `key` is what their id is called, in addresses and answers; `words` and what `more` finds go to the template.
    """

    path: str
    service_path: str
    key: str
    template: str
    words: Mapping[str, Any] = field(default_factory=dict)
    more: Callable[[Visit, Mapping[str, Any]], Mapping[str, Any]] = _nothing

    def at_service(self, visit: Visit) -> str:
        """Where the entry of a page is at rewards."""
        return f"{self.service_path}/{visit.request.path_params[self.key]}"

    async def one(self, visit: Visit) -> Response:
        """An entry: what it says, who had a hand in it, and what may be decided."""
        return await self.show(visit)

    async def approve(self, visit: Visit) -> Response:
        """Put it in force, by somebody who says that they have looked at it."""
        if not visit.form.get("seen"):
            return await self.show(visit, errors={"seen": visit.say(_("Say that you have looked at it"))})
        return await self._decide(visit, "approve", "approved")

    async def withdraw(self, visit: Visit) -> Response:
        """Have it never come into force."""
        return await self._decide(visit, "withdraw", "withdrawn")

    async def _decide(self, visit: Visit, verb: str, toast: str) -> Response:
        answer = await visit.ask.command("POST", "rewards", f"{self.at_service(visit)}/{verb}")
        if not answer.ok:
            return await self.show(visit, refused=Refusal.of(answer))
        return visit.see_other(f"{self.path}/{visit.request.path_params[self.key]}", toast=toast)

    async def show(
        self, visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
    ) -> Response:
        """The page of one entry, with what is wrong with what was asked of it."""
        answer, people = await asyncio.gather(
            visit.ask.get("rewards", self.at_service(visit)), approvers(visit, APPROVE)
        )
        if answer.is_missing or answer.status == UNPROCESSABLE:
            raise NotFoundError
        said: Mapping[str, Any] = answer.body if answer.ok else {}
        proposer = said.get("proposed_by_person")
        is_own = proposer == visit.signed_in.person_id
        return visit.page(
            self.template,
            status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
            answer=answer,
            **self.words,
            **self.more(visit, said),
            approvers=[person for person in people if person["person_id"] != proposer],
            is_own=is_own,
            may_approve=visit.signed_in.may(APPROVE) and not is_own,
            may_withdraw=visit.signed_in.may(WRITE),
            errors=errors or {},
            refused=refused,
        )

    def routes(self, scope: str | None) -> list[Route]:
        """The pages of one entry, for whoever has `scope`, and of what may be decided."""
        place = f"{self.path}/{{{self.key}:uuid}}"
        return [
            Route(place, page(self.one, scope=scope)),
            Route(f"{place}/approve", page(self.approve, scope=APPROVE), methods=["POST"]),
            Route(f"{place}/withdraw", page(self.withdraw, scope=WRITE), methods=["POST"]),
        ]
