"""Routes of what an approver looks at."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.rewards.bank_messages.domain import BankAccount
from services.rewards.payouts.api import Deed, deeds
from services.rewards.payouts.domain import PayoutState
from services.rewards.payouts.four_eyes.domain import reasons_against
from services.rewards.payouts.four_eyes.store import find_own_payout, load_hands
from services.rewards.payouts.review import store
from services.rewards.payouts.review.domain import ChangedPayeePlace, term_changes
from services.rewards.payouts.runs.api.models import UNKNOWN_RUN, Run, shown
from services.rewards.payouts.runs.domain.runs import UnknownRunError
from services.rewards.payouts.runs.store import files as file_store
from services.rewards.payouts.runs.store import runs as run_store
from shared.access_keys import load_own
from shared.bank_accounts import masked
from shared.http import IN_ANSWER, Limit, Page, Principal, Scope, Snapshot, after, problem_responses, requires

router = APIRouter(tags=["payout runs"])

Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
AccountsReader = Annotated[Principal, requires(Scope.PAYOUTS_READ, reads=IN_ANSWER)]
#: What of a run's payouts is paid, or was: all but what is held or failed.
_UNPAID = (PayoutState.HELD, PayoutState.FAILED)


class TermChange(BaseModel):
    """A term that is not as it was in the last run that has a bank file."""

    model_config = ConfigDict(from_attributes=True)

    term: str = Field(examples=["payer.iban"])
    before: str = Field(examples=["NL91ABNA0417164300"])
    after: str = Field(examples=["DE89370400440532013000"])


class ShownAccount(BaseModel):
    """An account, of which the IBAN shows its ends."""

    name: str = Field(examples=["Zoë Müller"])
    bank_name: str | None = Field(
        examples=["Zoe Muller"], description="The name as the bank file has it, in SEPA's characters"
    )
    iban: str = Field(examples=["DE89…3000"])
    bic: str | None = Field(examples=["COBADEFFXXX"])


class ChangedPayee(BaseModel):
    """A payout to an account that its member was not paid to the last time."""

    payout_id: UUID
    member_id: UUID
    before: ShownAccount | None = Field(description="Null for a member who was never paid")
    after: ShownAccount
    set: Deed | None = Field(description="Who set it; null for payouts of before that was kept")


class Review(BaseModel):
    """All that the approver of a run says yes to, and what changed since the last run that was paid."""

    run: Run = Field(description="Who pays, by which rate; its seal is what the approval may name")
    payment_count: int = Field(description="Payouts that are or can be paid: those held or failed are left out")
    points: int
    amount_minor: int = Field(description="What is paid in all, in minor units")
    made: Deed
    decided: Deed | None = Field(description="Who approved or cancelled it; null while it waits")
    filed: Deed | None = Field(description="Who had its bank file written; null before")
    last_run_id: UUID | None = Field(description="The last run before that has a bank file; null for the first")
    term_changes: list[TermChange] = Field(description="Payer and rate that are not as in that run")
    changed_payees_count: int = Field(description="GET …/changed-payees lists them")
    reasons_against_you: list[str] = Field(
        description="Why whoever asks may not approve it; empty when they may, if they have the scope",
        examples=[["you made the run"]],
    )


@router.get(
    "/v1/payout-runs/{run_id}/review",
    summary="A payout run, as its approver looks at it",
    responses=problem_responses(UNKNOWN_RUN),
)
async def get_review(principal: Reader, conn: Snapshot, run_id: UUID) -> Review:
    """Payer, rate, count and sum, who made it, and what is not as in the last run that was paid."""
    key = {"community": principal.community, "run_id": str(run_id)}
    run = await run_store.find_run(conn, **key)
    if run is None:
        raise UnknownRunError(str(run_id))
    last = await store.find_last_filed(conn, run)
    answered = await shown(conn, run)
    paid = [part for part in answered.payouts if part.state not in _UNPAID]
    file = await file_store.find_file(conn, **key)
    done = {
        "made": (run.created_by, run.created_at),
        "decided": (run.decided_by, run.decided_at),
        "filed": (run.filing_by, file.created_at if file else None),
    }
    known = {name: (by, at) for name, (by, at) in done.items() if by is not None and at is not None}
    named = dict(zip(known, await deeds(conn, list(known.values()), community=principal.community), strict=True))
    hands = await load_hands(conn, **key)
    own = await load_own(conn, community=principal.community, person_id=principal.person_id)
    return Review(
        run=answered,
        payment_count=sum(part.count for part in paid),
        points=sum(part.points for part in paid),
        amount_minor=sum(part.amount_minor for part in paid),
        made=named["made"],
        decided=named.get("decided"),
        filed=named.get("filed"),
        last_run_id=UUID(last.run_id) if last else None,
        term_changes=[TermChange.model_validate(change) for change in term_changes(run, last)] if last else [],
        changed_payees_count=await store.count_changed_payees(conn, **key),
        reasons_against_you=reasons_against(
            hands, principal.person_id, own_payout_id=await find_own_payout(conn, **key, members=own)
        ),
    )


@router.get(
    "/v1/payout-runs/{run_id}/changed-payees",
    summary="Payouts of a run that go to another account than the last time",
    responses=problem_responses(UNKNOWN_RUN),
)
async def list_changed_payees(
    principal: AccountsReader,
    conn: Snapshot,
    run_id: UUID,
    place: Annotated[ChangedPayeePlace | None, after(ChangedPayeePlace)],
    limit: Limit = 100,
) -> Page[ChangedPayee]:
    """Whose bank details are not those that they were last paid to, and who set them."""
    key = {"community": principal.community, "run_id": str(run_id)}
    if await run_store.find_run(conn, **key) is None:
        raise UnknownRunError(str(run_id))
    found = await store.page_of_changed_payees(conn, **key, after=place, limit=limit)
    done = [(one.changed_by, one.changed_at) for one in found if one.changed_by and one.changed_at]
    named = iter(await deeds(conn, done, community=principal.community))
    answered = [
        ChangedPayee(
            payout_id=UUID(one.payout_id),
            member_id=UUID(one.member_id),
            before=_account(one.before) if one.before else None,
            after=_account(one.after),
            set=next(named) if one.changed_by else None,
        )
        for one in found
    ]
    by_id = {str(one.payout_id): one for one in answered}
    return Page.of(found, limit, item=lambda one: by_id[one.payout_id], place=lambda one: one.place)


def _account(account: BankAccount) -> ShownAccount:
    return ShownAccount(name=account.name, bank_name=account.bank_name, iban=masked(account.iban), bic=account.bic)
