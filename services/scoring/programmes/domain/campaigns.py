"""What is wrong with the campaigns of a programme: budgets of rules that are not theirs, rules that cannot be."""

from collections.abc import Iterator

from services.scoring.programmes.domain.mistakes import Mistake, list_at, mistake, value_at
from shared.contracts.programme import SPENDABLE
from shared.located_yaml import Located, Path


def campaign_mistakes(located: Located) -> Iterator[Mistake]:
    """Where a campaign has no rules, a budget is for a rule of another, or a rule of one takes points.

    What a rule takes from a score must know what was given of it; a budget decides that last.
    """
    rules = [rule for rule in list_at(located, ("rules",)) if isinstance(rule, dict)]
    of_campaign: dict[str, set[str]] = {}
    for rule in rules:
        of_campaign.setdefault(str(rule.get("campaign")), set()).add(str(rule.get("id")))
    campaigns = list_at(located, ("campaigns",))
    declared = {str(one["id"]) for one in campaigns if isinstance(one, dict) and one.get("id") is not None}
    for index, campaign in enumerate(campaigns):
        campaign_id = campaign.get("id") if isinstance(campaign, dict) else None
        if not isinstance(campaign_id, str):
            continue
        path: Path = ("campaigns", index, "id")
        mine = of_campaign.get(campaign_id, set())
        if not mine:
            detail = f"no rule is of this campaign; write `campaign: {campaign_id}` at those that are"
            yield mistake(located.values[path], path, detail)
        budgets: Path = ("campaigns", index, "budget", "per_rule")
        for place in range(len(list_at(located, budgets))):
            at: Path = (*budgets, place, "rule")
            rule_id = value_at(located, at)
            if isinstance(rule_id, str) and rule_id not in mine:
                detail = f"`{rule_id}` is no rule of this campaign; write `campaign: {campaign_id}` there"
                yield mistake(located.values[at], at, detail)
    taken = {str(rule.get("score") or SPENDABLE) for rule in rules if _takes(rule)}
    for index, rule in enumerate(list_at(located, ("rules",))):
        if not isinstance(rule, dict) or str(rule.get("campaign")) not in declared:
            continue
        at = ("rules", index, "campaign")
        if _takes(rule):
            detail = "a rule of a campaign gives points; one that takes them stands by itself"
            yield mistake(located.values[at], at, detail)
        elif str(rule.get("score") or SPENDABLE) in taken:
            detail = (
                "another rule takes from the score that this one counts for, and asks what there is of it before"
                " the budget decides; let this one count for a score of its own"
            )
            yield mistake(located.values[at], at, detail)


def _takes(rule: dict[str, object]) -> bool:
    points = rule.get("points")
    return isinstance(points, int) and points < 0
