"""What requests and answers about wallets hold, and the problems of these routes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from services.rewards.ledger.domain.entries import POINTS
from services.rewards.wallets.domain import decisions, wallets
from services.rewards.wallets.domain.campaigns import CampaignKey
from services.rewards.wallets.domain.decisions import DecisionKind, DecisionState, Proposal, Spends
from services.rewards.wallets.domain.wallets import (
    OWNERS_MAX_COUNT,
    Funds,
    MoveKind,
    Purpose,
    UsedFor,
    WalletActor,
    WalletState,
)
from services.rewards.wallets.handlers.deciding import WalletTerms
from services.rewards.wallets.store.campaigns import load_campaigns
from shared.access_keys import load_standings
from shared.contracts.fields import MINOR_UNITS_MAX, Currency, Slug
from shared.contracts.texts import Line
from shared.currencies import is_known
from shared.http import ProblemType, RequestBody
from shared.postgres import Connection

UNKNOWN_WALLET = ProblemType("unknown-wallet", 404, "Wallet not found")
UNKNOWN_WALLET_DECISION = ProblemType("unknown-wallet-decision", 404, "Decision not found")
WALLET_REFUSED = ProblemType("wallet-refused", 409, "The wallet does not take that")
WALLET_EXCEEDED = ProblemType("wallet-exceeded", 409, "Less is left in the wallet")
TOO_MANY_MOVES = ProblemType("wallet-moves-too-many", 422, "The wallet has more moves than one table takes")
WALLET_FOUR_EYES = ProblemType("wallet-four-eyes", 403, "Another person must do that")

#: Written out where they stand, as clients know them, not as schemas of their own.
_STATES = tuple(state.value for state in WalletState)
_PURPOSES = tuple(purpose.value for purpose in Purpose)
_MOVES = tuple(kind.value for kind in MoveKind)
_USES = tuple(use.value for use in UsedFor)
_KINDS = tuple(kind.value for kind in DecisionKind)
_DECISION_STATES = tuple(state.value for state in DecisionState)
_SPENDS = tuple(spends.value for spends in Spends)
StateName = Literal[_STATES]  # type: ignore[valid-type]
PurposeName = Literal[_PURPOSES]  # type: ignore[valid-type]
MoveName = Literal[_MOVES]  # type: ignore[valid-type]
UseName = Literal[_USES]  # type: ignore[valid-type]
KindName = Literal[_KINDS]  # type: ignore[valid-type]
DecisionStateName = Literal[_DECISION_STATES]  # type: ignore[valid-type]
SpendsName = Literal[_SPENDS]  # type: ignore[valid-type]

Amount = Annotated[int, Field(ge=1, le=MINOR_UNITS_MAX, examples=[500_000])]
Owners = Annotated[
    list[UUID],
    Field(
        max_length=OWNERS_MAX_COUNT,
        description="People who are told when it gets low; those who are members, by a message",
        examples=[["7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11"]],
    ),
]


def _known(code: str) -> str:
    if code != POINTS and not is_known(code):
        why = f"ISO 4217 has no currency `{code}`; points are `{POINTS}`"
        raise PydanticCustomError("not_known", "{why}", {"why": why})
    return code


class WalletDeed(BaseModel):
    """Who did it, by what, and when."""

    at: datetime
    person_id: UUID | None = Field(description="Null where a timer did it, or nobody knows whose key it was")
    person_name: str | None = Field(examples=["Ada"])
    credential: str = Field(examples=["742a0960b22c"], description="The id of the access key, or of the token")


class WalletRequest(RequestBody):
    """A new wallet, which is empty."""

    title: Line = Field(examples=["Spring campaign"])
    currency: Annotated[Currency, AfterValidator(_known)] = Field(
        examples=["EUR"], description="ISO 4217's code, or `PTS` for points"
    )
    purpose: PurposeName = Field("community", examples=["campaign"])
    campaign_id: Slug | None = Field(
        None, description="The programme's campaign that it is for", examples=["spring"]
    )
    parent_id: UUID | None = Field(None, description="The wallet that allots to it; without one it begins a tree")
    low_amount: Amount | None = Field(None, description="Below this its owners are told; none: never")
    owners: Owners = Field(default_factory=list)

    def terms(self) -> WalletTerms:
        """As the domain has it."""
        return WalletTerms(
            title=self.title,
            currency=self.currency,
            purpose=Purpose(self.purpose),
            campaign_id=self.campaign_id,
            parent_id=str(self.parent_id) if self.parent_id else None,
            low_amount=self.low_amount,
            owner_person_ids=tuple(sorted({str(owner) for owner in self.owners})),
        )


class WalletChange(RequestBody):
    """What a wallet is called, and who is told when it gets low: all of it, as it is to be."""

    title: Line = Field(examples=["Spring campaign"])
    low_amount: Amount | None = Field(None, description="Below this its owners are told; none: never")
    owners: Owners = Field(default_factory=list)


class WalletFreeze(RequestBody):
    """Why nothing is to be spent from a wallet."""

    reason: Line = Field(examples=["A reward was priced wrongly"])


class Wallet(BaseModel):
    """A budget, and what is in it: points, or minor units of its currency."""

    wallet_id: UUID
    parent_id: UUID | None
    depth: int = Field(description="1 at the top of its tree")
    purpose: PurposeName = Field(examples=["campaign"])
    campaign_id: str | None = Field(examples=["spring"])
    title: str = Field(examples=["Spring campaign"])
    currency: str = Field(examples=["EUR"])
    state: StateName = Field(examples=["open"])
    available: int = Field(description="Left to be spent or allotted", examples=[450_000])
    reserved: int = Field(description="Set aside for what is under way", examples=[20_000])
    spent: int = Field(description="What was spent and did not come back", examples=[30_000])
    unpaid_points: int = Field(description="What its campaign awarded and it does not hold", examples=[0])
    low_amount: int | None = Field(examples=[50_000])
    is_low: bool
    owners: list[UUID]
    revision: int
    created_at: datetime
    changed: WalletDeed


class WalletMove(BaseModel):
    """Something that came into a wallet, left it, or went from one of its accounts to another."""

    move_id: UUID
    kind: MoveName = Field(examples=["reserve"])
    wallet_id: UUID
    to_wallet_id: UUID | None = Field(description="Of a transfer: where it went")
    amount: int = Field(description="Points or minor units", examples=[500])
    used_for: UseName | None = Field(examples=["redemption"])
    cause_id: UUID | None = Field(description="The redemption, payout run or send that it is for")
    decision_id: UUID | None = Field(description="The decision that it follows from")
    transfer_id: UUID = Field(description="What it was booked as")
    moved: WalletDeed


class WalletProposal(RequestBody):
    """What is to be done with a wallet, and why; each kind takes its own fields."""

    kind: KindName = Field(
        examples=["fund"],
        description="`fund` and `withdraw` an `amount`; `transfer` one to `to_wallet_id` in its tree; "
        "`assign` what it pays, or `unassign`; `thaw` a frozen one; `close`, and what is left goes back",
    )
    reason: Line = Field(examples=["The budget of 2026"])
    amount: Amount | None = Field(None, description="Points or minor units")
    to_wallet_id: UUID | None = Field(None)
    spends: SpendsName | None = Field(
        None, description="What it pays: payouts, redemptions, or what its campaign awards"
    )
    reward_id: Slug | None = Field(
        None, description="Only redemptions of this reward; it goes before what pays all", examples=["mug"]
    )
    unit_cost: Amount | None = Field(
        None, description="Minor units of one redemption; in points it is what the member pays"
    )

    def proposal(self) -> Proposal:
        """As the domain has it."""
        return Proposal(
            kind=DecisionKind(self.kind),
            reason=self.reason,
            to_wallet_id=str(self.to_wallet_id) if self.to_wallet_id else None,
            amount=self.amount,
            spends=Spends(self.spends) if self.spends else None,
            reward_id=self.reward_id,
            unit_cost=self.unit_cost,
        )


#: The columns of the table of a wallet's moves; `amount` is points or minor units.
MOVE_COLUMNS = (
    *("moved_at", "kind", "amount", "currency", "wallet_id", "to_wallet_id", "used_for", "cause_id"),
    *("decision_id", "transfer_id", "move_id", "person_name", "credential"),
)


def move_row(one: WalletMove, currency: str) -> list[Any]:
    """A move as a line of the table."""
    return [
        *(one.moved.at, one.kind, one.amount, currency, one.wallet_id, one.to_wallet_id, one.used_for),
        *(one.cause_id, one.decision_id, one.transfer_id, one.move_id, one.moved.person_name),
        one.moved.credential,
    ]


class WalletDecision(BaseModel):
    """What somebody proposed of a wallet, and who had it done or withdrew it."""

    decision_id: UUID
    wallet_id: UUID
    wallet_title: str = Field(examples=["Community 2026"])
    currency: str = Field(examples=["EUR"])
    kind: KindName = Field(examples=["fund"])
    state: DecisionStateName = Field(examples=["proposed"])
    reason: str = Field(examples=["The budget of 2026"])
    amount: int | None = Field(description="Points or minor units", examples=[500_000])
    to_wallet_id: UUID | None
    spends: SpendsName | None
    reward_id: str | None = Field(examples=["mug"])
    unit_cost: int | None
    proposed: WalletDeed
    decided: WalletDeed | None = Field(description="Who confirmed or withdrew it; null while it waits")


class WalletAssignment(BaseModel):
    """What is paid from a wallet."""

    spends: SpendsName = Field(examples=["redemptions"])
    reward_id: str | None = Field(description="Null: all that have none of their own", examples=["mug"])
    campaign_id: str | None = Field(description="The campaign whose points it pays", examples=["spring"])
    wallet_id: UUID
    wallet_title: str = Field(examples=["Community 2026"])
    currency: str = Field(examples=["EUR"])
    unit_cost: int | None = Field(description="Minor units of one redemption", examples=[850])


class WalletAssignments(BaseModel):
    """What is paid from which wallet; what is not here is paid from none."""

    items: list[WalletAssignment]


class _Done(NamedTuple):
    by: WalletActor
    at: datetime


async def _deeds(conn: Connection, done: Sequence[_Done], *, community: str) -> list[WalletDeed]:
    standings = await load_standings(conn, [one.by for one in done], community=community)
    return [
        WalletDeed(
            at=one.at,
            person_id=UUID(standing.person_id) if standing.person_id else None,
            person_name=standing.name,
            credential=standing.credential,
        )
        for standing, one in zip(standings, done, strict=True)
    ]


async def shown_wallets(
    conn: Connection, found: Sequence[wallets.Wallet], *, funds: dict[str, Funds], community: str
) -> list[Wallet]:
    """Wallets as they are answered, in their order."""
    deeds = await _deeds(conn, [_Done(one.changed_by, one.changed_at) for one in found], community=community)
    keys = [CampaignKey(community, one.campaign_id) for one in found if one.campaign_id is not None]
    campaigns = await load_campaigns(conn, keys) if keys else {}
    unpaid = {one.wallet_id: max(0, one.unpaid_points) for one in campaigns.values()}
    return [
        Wallet(
            wallet_id=UUID(one.wallet_id),
            parent_id=UUID(one.parent_id) if one.parent_id else None,
            depth=one.depth,
            purpose=one.purpose.value,
            campaign_id=one.campaign_id,
            title=one.title,
            currency=one.currency,
            state=one.state.value,
            available=funds[one.wallet_id].available,
            reserved=funds[one.wallet_id].reserved,
            spent=funds[one.wallet_id].spent,
            unpaid_points=unpaid.get(one.wallet_id, 0),
            low_amount=one.low_amount,
            is_low=one.is_low,
            owners=[UUID(owner) for owner in one.owner_person_ids],
            revision=one.revision,
            created_at=one.created_at,
            changed=deed,
        )
        for one, deed in zip(found, deeds, strict=True)
    ]


async def shown_moves(conn: Connection, found: Sequence[wallets.Move], *, community: str) -> list[WalletMove]:
    """Moves as they are answered, in their order."""
    deeds = await _deeds(conn, [_Done(one.moved_by, one.moved_at) for one in found], community=community)
    return [
        WalletMove(
            move_id=UUID(one.move_id),
            kind=one.kind.value,
            wallet_id=UUID(one.wallet_id),
            to_wallet_id=UUID(one.to_wallet_id) if one.to_wallet_id else None,
            amount=one.amount,
            used_for=one.used_for.value if one.used_for else None,
            cause_id=UUID(one.reservation_id) if one.reservation_id else None,
            decision_id=UUID(one.decision_id) if one.decision_id else None,
            transfer_id=UUID(one.transfer_id),
            moved=deed,
        )
        for one, deed in zip(found, deeds, strict=True)
    ]


async def shown_decisions(
    conn: Connection,
    found: Sequence[decisions.Decision],
    *,
    known: dict[str, wallets.Wallet],
    community: str,
) -> list[WalletDecision]:
    """Decisions as they are answered, in their order; `known` are their wallets."""
    done = [
        _Done(by, at)
        for one in found
        for by, at in ((one.proposed_by, one.proposed_at), (one.decided_by, one.decided_at))
        if by is not None and at is not None
    ]
    said = iter(await _deeds(conn, done, community=community))
    return [
        WalletDecision(
            decision_id=UUID(one.decision_id),
            wallet_id=UUID(one.wallet_id),
            wallet_title=known[one.wallet_id].title,
            currency=known[one.wallet_id].currency,
            kind=one.proposal.kind.value,
            state=one.state.value,
            reason=one.proposal.reason,
            amount=one.proposal.amount,
            to_wallet_id=UUID(one.proposal.to_wallet_id) if one.proposal.to_wallet_id else None,
            spends=one.proposal.spends.value if one.proposal.spends else None,
            reward_id=one.proposal.reward_id,
            unit_cost=one.proposal.unit_cost,
            proposed=next(said),
            decided=next(said) if one.decided_by else None,
        )
        for one in found
    ]
