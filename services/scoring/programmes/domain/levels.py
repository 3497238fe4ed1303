"""What is wrong with levels that ask for more than points: rules that are not there, or that nobody counts."""

from collections.abc import Iterator
from typing import Any

from services.scoring.programmes.domain.badges import read_as
from services.scoring.programmes.domain.mistakes import Conditions, Mistake, Read, list_at, mistake
from services.scoring.programmes.domain.sections import of_several
from services.scoring.rules.domain.attributes import names_read
from services.scoring.rules.domain.extents import contract_fields
from services.scoring.rules.domain.kinds import OwnTypes, data_contract, kinds_of
from shared.contracts.activities import ACTIVITY_TYPES
from shared.located_yaml import Located, Path
from shared.near_names import suggestion

LEVELS: Path = ("recognition", "levels")


def level_mistakes(located: Located, conditions: Conditions, own: OwnTypes) -> Iterator[Mistake]:
    """Where a level counts a rule that is not there, that recognition cannot count, or a field without one."""
    rules = {
        one["id"]: index
        for index, one in enumerate(list_at(located, ("rules",)))
        if isinstance(one, dict) and isinstance(one.get("id"), str)
    }
    refused = dict(_not_countable(located, conditions))
    for path, rule_id in _named(located):
        if rule_id not in rules:
            detail = f"there is no rule `{rule_id}`; {suggestion(rule_id, list(rules))}"
            yield mistake(located.values[path], path, detail)
        elif rule_id in refused:
            detail = f"{refused[rule_id]}, and a level counts events by what they say themselves of one member"
            yield mistake(located.values[path], path, f"{detail}; name another rule")
        else:
            yield from _of_no_field(located, path, rules[rule_id], own)


def _named(located: Located) -> Iterator[tuple[Path, str]]:
    """The rules that levels name, and where."""
    for index, level in enumerate(list_at(located, LEVELS)):
        for field in ("requires", "keep") if isinstance(level, dict) else ():
            for place, asked in enumerate(list_at(located, (*LEVELS, index, field))):
                at: Path = (*LEVELS, index, field, place)
                share = asked.get("share") if isinstance(asked, dict) else None
                if isinstance(asked, dict) and isinstance(asked.get("rule"), str):
                    yield (*at, "rule"), asked["rule"]
                if isinstance(share, dict) and isinstance(share.get("rule"), str):
                    yield (*at, "share", "rule"), share["rule"]


def _not_countable(located: Located, conditions: Conditions) -> Iterator[tuple[str, str]]:
    """Rules whose events recognition cannot count, and why."""
    several = of_several(located)
    for index, rule in enumerate(list_at(located, ("rules",))):
        if not isinstance(rule, dict):
            continue
        rule_id, condition = str(rule.get("id")), conditions.get(index)
        if rule_id in several:
            yield rule_id, f"the rule `{rule_id}` is for several people"
        elif rule.get("audiences"):
            yield rule_id, f"the rule `{rule_id}` is for members of audiences"
        elif isinstance(condition, Read) and (read := names_read(condition.tree, condition.declared)):
            yield rule_id, f"the condition of `{rule_id}` reads {read_as(read[0])}"


def _of_no_field(located: Located, path: Path, rule_place: int, own: OwnTypes) -> Iterator[Mistake]:
    """Where a sum is of a field that no event of the rule has."""
    asked: Any = list_at(located, path[:-2])[int(path[-2])] if path[-2] != "share" else {}
    wanted = asked.get("of")
    names = [one for one in list_at(located, ("rules", rule_place, "on")) if isinstance(one, str)]
    if not isinstance(wanted, str) or not names or not all(one in ACTIVITY_TYPES or one in own for one in names):
        return
    fields = {name for kind in kinds_of(names, own) for name in contract_fields(data_contract(kind)) or {}}
    if wanted not in fields:
        at: Path = (*path[:-1], "of")
        detail = f"no event of that rule has a field `{wanted}`; {suggestion(wanted, sorted(fields))}"
        yield mistake(located.values[at], at, detail)
