"""What answers say of an entry that two people put in force, and who asks for one to be."""

from datetime import datetime
from typing import Literal, TypedDict
from uuid import UUID

from services.rewards.approvals.domain import Approval, Author
from shared.http import Principal

ApprovalStateName = Literal["proposed", "approved", "withdrawn"]


class ApprovalShown(TypedDict):
    """Who proposed and decided an entry, as the fields of its answer."""

    state: ApprovalStateName
    proposed_at: datetime
    proposed_by: str
    proposed_by_person: UUID | None
    decided_at: datetime | None
    decided_by: str | None
    decided_by_person: UUID | None


def approval_shown(approval: Approval) -> ApprovalShown:
    """An approval as it is answered: people by their names then, and by their ids."""
    decided = approval.decided_by
    return {
        "state": approval.state.value,
        "proposed_at": approval.proposed_at,
        "proposed_by": approval.proposed_by.name,
        "proposed_by_person": person_of(approval.proposed_by),
        "decided_at": approval.decided_at,
        "decided_by": None if decided is None else decided.name,
        "decided_by_person": None if decided is None else person_of(decided),
    }


def author(principal: Principal) -> Author:
    """Who asks, as it is kept."""
    return Author(principal.person_id, principal.person_name, principal.credential)


def person_of(by: Author) -> UUID | None:
    """The id of who did it, where that was a person."""
    return UUID(by.person_id) if by.person_id else None
