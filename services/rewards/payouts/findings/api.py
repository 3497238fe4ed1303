"""The route of what checks found of payouts."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.rewards.payouts import store as payout_store
from services.rewards.payouts.api import State
from services.rewards.payouts.findings import store
from services.rewards.payouts.findings.domain import Check, FindingFilter, FindingPlace
from services.rewards.payouts.findings.handlers.addressees import load_addressees
from services.rewards.payouts.sanctions.api import SanctionsEntry
from services.rewards.payouts.sanctions.store import load_entries
from services.rewards.settings import Settings
from shared.followed_members import load_names
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    Page,
    Principal,
    Scope,
    after,
    configured,
    problem_responses,
    requires,
)

router = APIRouter(tags=["payouts"])

#: Written out where they stand, as clients know them, not as schemas of their own.
_CHECKS = tuple(check.value for check in Check)
CheckName = Literal[_CHECKS]  # type: ignore[valid-type]


class PayoutFinding(BaseModel):
    """What a check found of a payout; its member reads no more than what is being looked at."""

    check: CheckName = Field(
        examples=["yearly_stop"],
        description="`country`: that of the account is not allowed, or nobody said which it is. `shared_account`: "
        "several persons have it, or the programme pays from it. `sanctions_list`: the payee's name is like one "
        "of the list, which a person has to look at. `tax_form`: above that total of a year "
        "the account's country needs a tax form on file. `minimum_age`: nobody attested that the person is so "
        "old. `yearly_stop`: the person has more in the year "
        "than may be paid without a look. `yearly_warning`: more than finance wants to know of; it is paid",
    )
    stops: bool = Field(description="Whether a payout of which it found something waits")
    waits: bool = Field(description="Whether it keeps the payout back just now")
    payout_id: UUID
    run_id: UUID
    state: State = Field(description="Of the payout")
    member_id: UUID
    member_name: str | None = Field(description="The name to show", examples=["Ada Lovelace"])
    amount_minor: int
    currency: str = Field(examples=["EUR"])
    policy_id: UUID | None = Field(description="The policy by which it was looked at; null for `sanctions_list`")
    country: str | None = Field(
        description="Of the account, where that is what was found; null where nobody said which", examples=["FR"]
    )
    year: int | None = Field(description="The year that was added up, by the community's zone", examples=[2026])
    total_minor: int | None = Field(description="What the person has in that year, with this payout")
    limit_minor: int | None = Field(description="What that is above")
    others_count: int | None = Field(description="How many more persons are paid to that account")
    is_payer: bool | None = Field(description="Whether it is an account that the programme pays from")
    minimum_age: int | None = Field(description="How old the person has to be, in years", examples=[18])
    list_id: UUID | None = Field(description="The sanctions list by which it was looked at")
    entries: list[SanctionsEntry] = Field(
        description="Those of the list whose names the payee's is like, a name of each; empty once "
        "the list's are not kept any more"
    )
    payee_name: str | None = Field(description="Whom the account is of, where that is what was looked at")
    clearance_id: UUID | None = Field(description="By which two people let it pass; null where they did not")
    found_at: datetime


@router.get(
    "/v1/payout-findings", summary="What checks found of payouts, newest first", responses=problem_responses()
)
async def list_payout_findings(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ, reads=IN_ANSWER)],
    conn: Conn,
    settings: Annotated[Settings, configured(Settings)],
    place: Annotated[FindingPlace | None, after(FindingPlace)],
    check: Annotated[CheckName | None, Query(description="Only what this one found")] = None,
    waits: Annotated[
        bool | None, Query(description="Only what keeps a payout back just now, or none of it")
    ] = None,
    limit: Limit = 100,
) -> Page[PayoutFinding]:
    """Which payouts wait for which reason, exactly, and of which finance is told without their waiting."""
    community = principal.community
    wanted = FindingFilter(Check(check) if check else None, waits)
    found = await store.page_of_findings(conn, wanted, community=community, after=place, limit=limit)
    names = await load_names(conn, community=community, member_ids=[member_id for _, member_id in found])
    matched = {finding.list_id: set[str]() for finding, _ in found if finding.list_id}
    for finding, _ in found:
        if finding.list_id:
            matched[finding.list_id].update(finding.entry_ids)
    entries = await load_entries(conn, matched, community=community)
    payouts = await payout_store.load_named(conn, [finding.payout_id for finding, _ in found], community=community)
    listed = [payouts[finding.payout_id] for finding, _ in found if finding.list_id]
    payees = (await load_addressees(conn, listed, community=community, settings=settings)).paid_to
    shown = {}
    for finding, member_id in found:
        payout = payouts[finding.payout_id]
        shown[finding.place] = PayoutFinding(
            check=finding.check.value,
            stops=finding.check.stops,
            waits=finding.keeps_back and payout.state == "held",
            payout_id=UUID(finding.payout_id),
            run_id=UUID(payout.run_id),
            state=payout.state.value,
            member_id=UUID(member_id),
            member_name=names.get(member_id),
            amount_minor=payout.amount_minor,
            currency=payout.currency,
            policy_id=UUID(finding.policy_id) if finding.policy_id else None,
            country=finding.country,
            year=finding.year,
            total_minor=finding.total_minor,
            limit_minor=finding.limit_minor,
            others_count=finding.others_count,
            is_payer=finding.is_payer,
            minimum_age=finding.minimum_age,
            list_id=UUID(finding.list_id) if finding.list_id else None,
            entries=[
                SanctionsEntry.of(entries[finding.list_id, entry_id])
                for entry_id in finding.entry_ids
                if finding.list_id and (finding.list_id, entry_id) in entries
            ],
            payee_name=payees[payout.payout_id].name if payout.payout_id in payees and finding.list_id else None,
            clearance_id=UUID(finding.clearance_id) if finding.clearance_id else None,
            found_at=finding.found_at,
        )
    return Page.of(found, limit, item=lambda one: shown[one[0].place], place=lambda one: one[0].place)
