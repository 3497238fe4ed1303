"""What is wrong with sections of a programme beside its rules: limits, badges, and what pays."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from services.scoring.limits.domain.declared import Declared, declared, paces
from services.scoring.limits.domain.nesting import why_crossing
from services.scoring.programmes.domain.mistakes import (
    SHOWN_MAX_CHARS,
    Conditions,
    Mistake,
    Read,
    list_at,
    mistake,
    value_at,
)
from services.scoring.rules.domain.attributes import names_read
from services.scoring.rules.domain.audiences import id_of
from services.scoring.rules.domain.counters import counter_of
from shared.bank_accounts import AccountError, bic_question, read_account, why_not_payable_in
from shared.contracts.programme import LIMITS_OF_RULE_MAX_COUNT
from shared.contracts.texts import READ_MAX_CHARS
from shared.located_yaml import Located, Path

#: What badges may have asked of one event beside what rules ask, by a service without child processes.
COUNTED_STEPS_MAX_COUNT = 10_000
PAYOUT: Path = ("rewards", "payout")
PAYING: Path = (*PAYOUT, "paying_account")
#: In place of what is missing, so that the rest is looked at.
_ANY_ACCOUNT = {"name": "A", "iban": "DE89370400440532013000", "bic": None}
_CURRENCY = re.compile("[A-Z]{3}")


def limit_mistakes(located: Located) -> Iterator[Mistake]:
    """Limits of one rule that are too many, that are the same twice, or that cross and do not say so."""
    found, paced = list(declared(located.value)), list(paces(located.value))
    for index, rule in enumerate(list_at(located, ("rules",))):
        rule_id = rule.get("id") if isinstance(rule, dict) else None
        over = [
            standing
            for standing in (*found, *paced)
            if rule_id in standing.limit.rules and standing.limit.owner in (None, rule_id)
        ]
        if len(over) > LIMITS_OF_RULE_MAX_COUNT:
            more = " with its cooldown, diminishing returns or floor" if any(one in paced for one in over) else ""
            detail = f"the rule stands under {len(over)} limits{more}, and may under {LIMITS_OF_RULE_MAX_COUNT}"
            yield mistake(located.values["rules", index, "id"], ("rules", index, "id"), detail)
    for place, later in enumerate(found):
        for earlier in found[:place]:
            wrong = _wrong_pair(located, earlier, later)
            if wrong is not None:
                yield mistake(located.values[later.path], later.path, wrong)
                break


def _wrong_pair(located: Located, earlier: Declared, later: Declared) -> str | None:
    one, other = earlier.limit, later.limit
    line = located.values[earlier.path].line
    if replace(one, most=other.most) == other:
        return f"the limit on line {line} counts the same already"
    why = None if earlier.may_cross or later.may_cross else why_crossing(one, other)
    if why is None:
        return None
    return (
        f"this limit and that on line {line} cross: {why}. Then doing more can give less; let one lie within the"
        " other, or write `crossing: allowed` here"
    )


def badge_mistakes(located: Located, conditions: Conditions) -> Iterator[Mistake]:
    """Where a badge counts the events of a rule whose condition recognition cannot ask as well.

    It is too dear for that, or it reads what is known of members, which is scoring's alone.
    """
    steps: dict[str, int] = {}
    reads: dict[str, tuple[str, ...]] = {}
    for index, rule in enumerate(list_at(located, ("rules",))):
        if isinstance(rule, dict) and isinstance(read := conditions.get(index), Read):
            steps[str(rule.get("id"))] = read.bound.steps
            reads[str(rule.get("id"))] = names_read(read.tree, read.declared)
    scoped = {
        one.get("id") for one in list_at(located, ("rules",)) if isinstance(one, dict) and one.get("audiences")
    }
    of_several = _of_several(located)
    counted: dict[str, int] = {}
    for index, badge in enumerate(list_at(located, ("recognition", "badges"))):
        rule = badge.get("rule") if isinstance(badge, dict) and badge.get("count") != "awards" else None
        if not isinstance(rule, str) or (rule not in steps and rule not in scoped and rule not in of_several):
            continue
        at: Path = ("recognition", "badges", index, "rule")
        if rule in of_several:
            detail = (
                f"the rule `{rule}` is for several people, and a badge counts events for one; write"
                " `count: awards`"
            )
            yield mistake(located.values[at], at, detail)
            continue
        if rule in scoped:
            detail = (
                f"the rule `{rule}` is for members of audiences, and a badge counts events by what they say"
                " themselves; write `count: awards`"
            )
            yield mistake(located.values[at], at, detail)
            continue
        if reads[rule]:
            detail = (
                f"the condition of `{rule}` reads {_read_as(reads[rule][0])}, and a badge counts events by what"
                " they say themselves; write `count: awards`"
            )
            yield mistake(located.values[at], at, detail)
            continue
        counted[rule] = steps[rule]
        if sum(counted.values()) > COUNTED_STEPS_MAX_COUNT:
            detail = (
                f"the conditions of rules whose events are counted can take up to {sum(counted.values()):,} steps"
                f" for one event, and may take {COUNTED_STEPS_MAX_COUNT:,}; write `count: awards`, or cheaper"
                " conditions"
            )
            yield mistake(located.values[at], at, detail)


def streak_mistakes(located: Located) -> Iterator[Mistake]:
    """Where a streak goes by a rule for several people: it is one person's, by whom an event is of."""
    of_several = _of_several(located)
    for index, _ in enumerate(list_at(located, ("recognition", "streaks"))):
        for place, rule in enumerate(list_at(located, ("recognition", "streaks", index, "rules"))):
            if rule in of_several:
                at: Path = ("recognition", "streaks", index, "rules", place)
                detail = f"the rule `{rule}` is for several people, and a streak goes by what one did"
                yield mistake(located.values[at], at, detail)


def _of_several(located: Located) -> set[str]:
    """The rules that are for contributors or a team."""
    return {
        str(one.get("id"))
        for one in list_at(located, ("rules",))
        if isinstance(one, dict) and one.get("to") in ("contributors", "team")
    }


def _read_as(name: str) -> str:
    audience_id, counter_id = id_of(name), counter_of(name)
    if counter_id is not None:
        return f"the counter `{counter_id}`"
    return f"`member.{name}`" if audience_id is None else f"whether one is in `{audience_id}`"


def payout_mistakes(located: Located) -> Iterator[Mistake]:
    """Why a bank would not take payouts of this account in this currency, whatever else is wrong."""
    currency = value_at(located, (*PAYOUT, "currency"))
    refused = why_not_payable_in(currency) if isinstance(currency, str) and _CURRENCY.fullmatch(currency) else None
    if refused is not None:
        yield mistake(located.values[*PAYOUT, "currency"], (*PAYOUT, "currency"), refused)
    name, iban, bic = (value_at(located, (*PAYING, field)) for field in ("name", "iban", "bic"))
    given = {field: value for field, value in (("name", name), ("iban", iban), ("bic", bic)) if _is_text(value)}
    try:
        # What is not there, or no text, the model refuses; the rest is looked at all the same.
        account = read_account(**(_ANY_ACCOUNT | given), show=_shown_iban)
    except AccountError as error:
        for field, reason in error.reasons.items():
            yield mistake(located.values[*PAYING, field], (*PAYING, field), reason)
        return
    question = bic_question(account) if {"iban", "bic"} <= given.keys() else None
    if question is not None and value_at(located, (*PAYING, "confirm_bic_country")) is not True:
        detail = f"{question}; when it is meant so, add `confirm_bic_country: true`"
        yield mistake(located.values[*PAYING, "bic"], (*PAYING, "confirm_bic_country"), detail)


def _shown_iban(iban: str) -> str:
    """The whole of it: whoever publishes it wrote it, and it is the community's own."""
    return iban if len(iban) <= SHOWN_MAX_CHARS else iban[:SHOWN_MAX_CHARS] + "…"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= READ_MAX_CHARS
