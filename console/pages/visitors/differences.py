"""What changed from one version of the public rules to the next, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from console.components.activities import ABOUT_OTHERS, DONE

Rule = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """A rule that came, went or changed: what it was (`before`) and is (`now`)."""

    kind: Literal["add", "del", "mod"]
    title: str
    before: str = ""
    now: str = ""


def differences(now: Sequence[Rule], before: Sequence[Rule]) -> list[Difference]:
    """What is different in the rules of a version from those of the one before it."""
    was, is_now = ({rule["rule_id"]: rule for rule in rules} for rules in (before, now))
    found = []
    for rule_id, rule in is_now.items():
        old = was.get(rule_id)
        if old is None:
            found.append(Difference("add", rule["title"], now=f"+{rule['points']}"))
        elif old["points"] != rule["points"]:
            found.append(Difference("mod", rule["title"], before=f"+{old['points']}", now=f"+{rule['points']}"))
        elif old["title"] != rule["title"]:
            found.append(Difference("mod", rule["title"], before=old["title"], now=rule["title"]))
        elif (old["on"], old["to"]) != (rule["on"], rule["to"]):
            found.append(Difference("mod", rule["title"], before=", ".join(old["on"]), now=", ".join(rule["on"])))
    found += [
        Difference("del", rule["title"], before=f"+{rule['points']}")
        for rule_id, rule in was.items()
        if rule_id not in is_now
    ]
    return found


def unrewarded(rules: Sequence[Rule]) -> list[str]:
    """The types of events that no rule gives points for, in the order of their words."""
    given = {event_type for rule in rules for event_type in rule["on"]}
    return [event_type for event_type in DONE if event_type not in given | ABOUT_OTHERS]
