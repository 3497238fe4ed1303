"""What a restatement asks of campaigns for what is withheld: as much as it comes to once it is released."""

from typing import Any

import pytest

from services.scoring.backtests.domain.known import Told
from services.scoring.campaigns.domain.books import ALL, Books, give
from services.scoring.limits.domain.claims import Claim, Withheld
from services.scoring.restatements.domain.rescoring import rescore
from services.scoring.restatements.domain.restating import Part, Standing, replacements, settle_anew
from services.scoring.restatements.handlers.working_out import spending
from tests.unit.services.scoring.limits.test_pacing import POSTED, event
from tests.unit.services.scoring.restatements.test_restating_the_past import SPRING, side

SPENT = {"spring 4": 4, "spring 9": 9, "easter 4": 0}


def version(name: str) -> Any:
    campaign, points = name.split()
    return side(SPRING.replace("points: 4", f"points: {points}").replace("CAMPAIGN", campaign), int(points))


def claim_of(name: str) -> Claim:
    (claim,) = rescore([event(1, POSTED)], version(name), Told("acme"), {})
    return claim


@pytest.mark.parametrize("name", SPENT)
def test_a_campaign_has_spent_on_what_is_held_what_that_comes_to(name: str) -> None:
    held = claim_of("spring 4")
    held.withheld, held.room, held.is_counted = Withheld.HELD, 4, True
    books = Books(spent={ALL: 4})
    part = Part([claim_of(name)], [])
    outcome = settle_anew(replacements(part, Standing({held.award_id: held}, {})), [])
    asked, asking = spending(outcome)
    campaigns = {number: version(f"spring {number}").programmes[number].campaigns[0] for number in (4, 9)}
    give([claim for claim in asked if claim.campaign == "spring"], campaigns, books)
    for one in asking:
        one.is_over()
    (after,) = [one.after for one in outcome.replaced] or [held]
    assert (after.withheld, after.told, after.due) == (Withheld.HELD, 0, 0)
    assert books.spent[ALL] == SPENT[name]
