"""Routes of what is on file of payees: tax forms, and that somebody is old enough."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.rewards.ledger.domain.entries import Owner, UnknownMemberError
from services.rewards.ledger.store.balances import load_balances
from services.rewards.payouts.api import Deed, deeds
from services.rewards.payouts.attestations import domain, store
from services.rewards.payouts.attestations.domain import (
    AttestationFilter,
    AttestationKind,
    AttestationPlace,
    Attested,
)
from services.rewards.payouts.attestations.handlers import noting
from services.rewards.payouts.domain import Actor
from shared.followed_members import find_name, load_names
from shared.http import (
    IN_ANSWER,
    Conn,
    Day,
    Limit,
    MemberId,
    MemberNamed,
    Page,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    Whose,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import ABOUT_YOURSELF, UNKNOWN_IDENTITY, UNKNOWN_MEMBER
from shared.postgres import Connection

UNKNOWN_ATTESTATION = ProblemType("unknown-payee-attestation", 404, "Attestation not found")
TOO_MANY_ATTESTATIONS = ProblemType("too-many-payee-attestations", 409, "Too many attestations of the member")
AGE_MAX_YEARS = 150

router = APIRouter(tags=["payouts"])

Maker = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]

#: Written out where they stand, as clients know them, not as schemas of their own.
_KINDS = tuple(kind.value for kind in AttestationKind)
Kind = Literal[_KINDS]  # type: ignore[valid-type]
#: What a form is called, such as W-9 or DAS2: never what is in it.
FormName = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9][A-Za-z0-9 ./-]{0,39}$")]
Country = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]
_FORM = "What the form is called; nothing of what is in it"
_RECEIVED = "When it came; of a `tax_form`"
_UNTIL = "The last day on which it holds; null for no end"
_COUNTRY = "For which country it counts, by ISO 3166: of a `tax_form`; null for any"
_AGE = "How old the person is at least, in years; of an `age`"


class AttestationRequest(RequestBody):
    """What somebody has seen of a payee: a tax form, or that they are so old."""

    kind: Kind = Field(examples=["tax_form"])
    form: FormName | None = Field(None, description=f"{_FORM}; of a `tax_form`", examples=["W-9"])
    received_on: Day | None = Field(None, description=_RECEIVED, examples=["2026-01-12"])
    valid_until: Day | None = Field(None, description=_UNTIL, examples=["2028-12-31"])
    country: Country | None = Field(None, description=_COUNTRY, examples=["US"])
    age_years: int | None = Field(None, ge=1, le=AGE_MAX_YEARS, description=_AGE)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        is_form = self.kind == AttestationKind.TAX_FORM
        of_form = (self.form, self.received_on)
        if is_form and (None in of_form or self.age_years is not None):
            raise PydanticCustomError("tax_form", "a tax_form has form and received_on, and no age_years")
        if not is_form and (self.age_years is None or any((*of_form, self.valid_until, self.country))):
            raise PydanticCustomError("age", "an age has age_years, and nothing else")
        if self.received_on and self.valid_until and self.valid_until < self.received_on:
            raise PydanticCustomError("valid_until", "valid_until is not before received_on")
        return self

    @property
    def said(self) -> Attested:
        """As the domain has it."""
        kind = AttestationKind(self.kind)
        return Attested(kind, self.form, self.received_on, self.valid_until, self.age_years, self.country)


class PayeeAttestation(BaseModel):
    """What somebody attested of a payee, and whether it was withdrawn."""

    attestation_id: UUID
    member_id: UUID
    member_name: str | None = Field(description="The name to show", examples=["Ada Lovelace"])
    kind: Kind = Field(examples=["tax_form"])
    form: str | None = Field(description=f"{_FORM}. Empty once the member was erased", examples=["W-9"])
    received_on: date | None = Field(description=_RECEIVED, examples=["2026-01-12"])
    valid_until: date | None = Field(description=_UNTIL, examples=["2028-12-31"])
    country: str | None = Field(description=_COUNTRY, examples=["US"])
    age_years: int | None = Field(description=_AGE)
    noted: Deed
    withdrawn: Deed | None = Field(description="Who said that it holds no more; null while it stands")


@router.post(
    "/v1/payees/{member_id}/attestations",
    summary="Note that a tax form of a payee is on file, or how old they are at least",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_MEMBER, ABOUT_YOURSELF, TOO_MANY_ATTESTATIONS),
)
async def attest_payee(
    principal: Maker, tx: Tx, member_id: MemberId, asked: AttestationRequest
) -> PayeeAttestation:
    """The next run pays who waited for it, if nothing else is in the way; whoever notes it does not approve that.

    Said again, what stands is the answer. It holds for everybody who is merged with the member.
    """
    community = principal.community
    owner = Owner(community, str(member_id))
    known = await find_name(tx.conn, community=community, member_id=owner.member_id)
    if known.is_erased if known else not await load_balances(tx.conn, owner):
        raise UnknownMemberError(owner.member_id)
    by = _actor(principal)
    noted = await noting.attest(tx, asked.said, community=community, member_id=owner.member_id, by=by)
    return await _answer(tx.conn, noted)


@router.get(
    "/v1/payee-attestations",
    summary="What is on file of payees, newest first",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def list_payee_attestations(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ, reads=IN_ANSWER)],
    conn: Conn,
    whose: Whose,
    place: Annotated[AttestationPlace | None, after(AttestationPlace)],
    kind: Annotated[Kind | None, Query(description="Only of this kind")] = None,
    member: Annotated[MemberNamed | None, Query(description="Only this member's: an id or an identity")] = None,
    limit: Limit = 100,
) -> Page[PayeeAttestation]:
    """Of whom which tax form came when, until when it holds, who is how old at least, and who attested it."""
    community = principal.community
    member_id = await whose.asked(conn, community=community, member=member)
    wanted = AttestationFilter(AttestationKind(kind) if kind else None, member_id)
    found = await store.page_of_attestations(conn, wanted, community=community, after=place, limit=limit)
    answers = await _answers(conn, found, community=community)
    shown = {str(answer.attestation_id): answer for answer in answers}
    return Page.of(found, limit, item=lambda one: shown[one.attestation_id], place=lambda one: one.place)


@router.post(
    "/v1/payee-attestations/{attestation_id}/withdraw",
    summary="Say that an attestation of a payee holds no more",
    responses=problem_responses(UNKNOWN_ATTESTATION, ABOUT_YOURSELF),
)
async def withdraw_payee_attestation(principal: Maker, tx: Tx, attestation_id: UUID) -> PayeeAttestation:
    """Payouts that need it wait, until their bank file is written. Asked again, nothing happens."""
    found = await noting.withdraw(
        tx, community=principal.community, attestation_id=str(attestation_id), by=_actor(principal)
    )
    return await _answer(tx.conn, found)


def _actor(principal: Principal) -> Actor:
    return Actor(principal.person_id, principal.credential)


async def _answer(conn: Connection, found: domain.Attestation) -> PayeeAttestation:
    (answer,) = await _answers(conn, [found], community=found.community)
    return answer


async def _answers(
    conn: Connection, found: Sequence[domain.Attestation], *, community: str
) -> list[PayeeAttestation]:
    """Attestations as they are answered, in their order."""
    names = await load_names(conn, community=community, member_ids=[one.member_id for one in found])
    done = [
        (actor, at)
        for one in found
        for actor, at in ((one.noted_by, one.noted_at), (one.withdrawn_by, one.withdrawn_at))
        if actor is not None and at is not None
    ]
    said = iter(await deeds(conn, done, community=community))
    return [
        PayeeAttestation(
            attestation_id=UUID(one.attestation_id),
            member_id=UUID(one.member_id),
            member_name=names.get(one.member_id),
            kind=one.said.kind.value,
            form=one.said.form,
            received_on=one.said.received_on,
            valid_until=one.said.valid_until,
            country=one.said.country,
            age_years=one.said.age_years,
            noted=next(said),
            withdrawn=next(said) if one.withdrawn_by else None,
        )
        for one in found
    ]
