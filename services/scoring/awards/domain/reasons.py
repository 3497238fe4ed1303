"""Why a claim amounts to less than its rule has for it, in words."""

from typing import Any, Final

from services.scoring.limits.domain.claims import Ceiling, Claim, Cut, Pace, State
from services.scoring.limits.domain.declared import declared
from services.scoring.limits.domain.nesting import crossings
from services.scoring.rules.domain.declining import Declined, Reason

#: In words, why something earns nothing whatever its rule has for it.
_VOID: Final = {
    "upheld": "a report of what it is about was upheld",
    "suspended": "the member was suspended then",
}


def why_less(claim: Claim, document: Any) -> Declined | None:  # noqa: PLR0911 -- a reason a line
    """Why a claim amounts to less than its weight, by the programme that it came under; None when it does not."""
    if claim.state is State.LIVE and abs(claim.due) == claim.weight:
        return None
    if claim.void is not None:
        return _declined(claim, "upheld" if claim.void == "upheld" else "suspended", _VOID[claim.void])
    if claim.state is not State.LIVE:
        kept = ""
        if claim.state is State.HELD:
            kept = "by the member"
            kept += f"; {claim.room} points keep their room under limits" if claim.windows else ""
        return _declined(claim, "retracted", kept)
    if claim.withheld is not None or not claim.is_settled:
        return _waiting(claim)
    if claim.ceiling is not None and claim.ceiling_by is not None and claim.ceiling <= claim.room:
        return _beyond(claim, claim.ceiling, claim.ceiling_by, campaign=_title(document, claim.campaign))
    if claim.pace is not None and claim.cut not in (None, Cut.LIMIT):
        return _paced(claim, claim.pace, claim.cut)
    limits = [found.limit for found in declared(document) if claim.rule_id in found.limit.rules]
    what = "; ".join(limit.words for limit in limits) or "a version that is not known any more"
    detail = f"{claim.room} of {claim.weight} points fit under its limits: {what}"
    if any(crossings(limits)):
        detail += ". They cross, as the programme allows: what fits under one may be taken by another"
    return _declined(claim, "limit", detail)


def _waiting(claim: Claim) -> Declined:
    if claim.withheld is not None:
        return _declined(claim, claim.withheld.value, "")
    return _declined(claim, "waiting", "what fits under limits is being worked out")


def _title(document: Any, campaign_id: str | None) -> str:
    """What a version calls a campaign; its id where that version is not known any more."""
    campaigns = (document or {}).get("campaigns") or ()
    return str(next((one["title"] for one in campaigns if one["id"] == campaign_id), campaign_id))


def _beyond(claim: Claim, ceiling: int, by: Ceiling, *, campaign: str) -> Declined:
    given = f"{ceiling} of {claim.room} points"
    if by is Ceiling.BUDGET:
        return _declined(claim, "budget", f"{given} were left in the budget of the campaign “{campaign}”")
    if by is Ceiling.PACING:
        return _declined(claim, "pacing", f"{given}: the campaign “{campaign}” spent faster than planned")
    return _declined(claim, "stopped", f"{given}: the campaign “{campaign}” was stopped")


def _paced(claim: Claim, pace: Pace, cut: Cut | None) -> Declined:
    if cut is Cut.COOLDOWN:
        minutes = (pace.cooldown_seconds or 0) // 60
        return _declined(claim, "cooldown", f"the rule gave something less than {minutes:,} minutes before")
    if cut is Cut.FLOOR:
        detail = f"{claim.room} of {claim.weight} points are taken: no total falls below {pace.floor:,}"
        return _declined(claim, "floor", detail)
    detail = f"{claim.room} of {claim.weight} points: each further one of its time is worth less"
    return _declined(claim, "diminished", detail)


def _declined(claim: Claim, reason: Reason, detail: str) -> Declined:
    version = claim.programme_version
    return Declined(claim.community, claim.event_uid, claim.rule_id, claim.slot, reason, detail, version)
