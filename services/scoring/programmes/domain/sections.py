"""What is wrong with sections of a programme beside its rules: limits, and what pays."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from services.scoring.limits.domain.declared import Declared, declared, paces
from services.scoring.limits.domain.nesting import why_crossing
from services.scoring.programmes.domain.mistakes import (
    SHOWN_MAX_CHARS,
    Mistake,
    list_at,
    mistake,
    value_at,
)
from shared.bank_accounts import (
    AccountError,
    bic_question,
    is_country,
    read_account,
    why_not_in_address,
    why_not_payable_in,
    why_not_reached,
)
from shared.contracts.programme import LIMITS_OF_RULE_MAX_COUNT
from shared.contracts.texts import READ_MAX_CHARS
from shared.located_yaml import Located, Path

PAYOUT: Path = ("rewards", "payout")
ALSO: Path = (*PAYOUT, "also")
PAYING: Path = (*PAYOUT, "paying_account")
#: In place of what is missing, so that the rest is looked at.
_ANY_ACCOUNT = {"name": "A", "iban": "DE89370400440532013000", "bic": None}
_CURRENCY = re.compile("[A-Z]{3}")
_COUNTRY = re.compile("[A-Z]{2}")


def limit_mistakes(located: Located) -> Iterator[Mistake]:
    """Limits of one rule that are too many, that are the same twice, or that cross and do not say so."""
    found, paced = list(declared(located.value)), list(paces(located.value))
    for index, rule in enumerate(list_at(located, ("rules",))):
        rule_id = rule.get("id") if isinstance(rule, dict) else None
        if not isinstance(rule_id, str):
            continue  # the model says so
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


def streak_mistakes(located: Located) -> Iterator[Mistake]:
    """Where a streak goes by a rule for several people: it is one person's, by whom an event is of."""
    several = of_several(located)
    for index, _ in enumerate(list_at(located, ("recognition", "streaks"))):
        for place, rule in enumerate(list_at(located, ("recognition", "streaks", index, "rules"))):
            if isinstance(rule, str) and rule in several:
                at: Path = ("recognition", "streaks", index, "rules", place)
                detail = f"the rule `{rule}` is for several people, and a streak goes by what one did"
                yield mistake(located.values[at], at, detail)


def of_several(located: Located) -> set[str]:
    """The rules that are for contributors or a team."""
    return {
        str(one.get("id"))
        for one in list_at(located, ("rules",))
        if isinstance(one, dict) and one.get("to") in ("contributors", "team")
    }


def payout_mistakes(located: Located) -> Iterator[Mistake]:
    """Why banks would not take payouts of these accounts in their currencies, whatever else is wrong."""
    yield from _paying_mistakes(located, PAYOUT)
    first = value_at(located, (*PAYOUT, "currency"))
    known = {first} if isinstance(first, str) else set()
    for number, _ in enumerate(list_at(located, ALSO)):
        at: Path = (*ALSO, number)
        yield from _paying_mistakes(located, at)
        currency = value_at(located, (*at, "currency"))
        # What is no text the model refuses.
        if not isinstance(currency, str):
            continue
        if currency in known and _is_text(currency):
            yield mistake(located.values[*at, "currency"], (*at, "currency"), f"{currency} is paid already")
        known.add(currency)


def _paying_mistakes(located: Located, place: Path) -> Iterator[Mistake]:
    """Why a bank would not take payouts of the account in the currency that stand at a place."""
    paying: Path = (*place, "paying_account")
    given_currency = value_at(located, (*place, "currency"))
    # What is no currency the model refuses.
    is_currency = isinstance(given_currency, str) and _CURRENCY.fullmatch(given_currency)
    currency = given_currency if is_currency else None
    refused = None if currency is None else why_not_payable_in(currency)
    if refused is not None:
        yield mistake(located.values[*place, "currency"], (*place, "currency"), refused)
    name, iban, bic = (value_at(located, (*paying, field)) for field in ("name", "iban", "bic"))
    given = {field: value for field, value in (("name", name), ("iban", iban), ("bic", bic)) if _is_text(value)}
    try:
        # What is not there, or no text, the model refuses; the rest is looked at all the same.
        account = read_account(**(_ANY_ACCOUNT | given), show=_shown_iban)
    except AccountError as error:
        for field, reason in error.reasons.items():
            yield mistake(located.values[*paying, field], (*paying, field), reason)
        return
    reached = why_not_reached(account.iban, currency) if "iban" in given and refused is None and currency else None
    if reached is not None:
        yield mistake(located.values[*paying, "iban"], (*paying, "iban"), reached)
    if value_at(located, (*paying, "instant")) is True and refused is None and currency not in (None, "EUR"):
        detail = f"instant transfers are SEPA's, in EUR: leave it out where payouts are in {currency}"
        yield mistake(located.values[*paying, "instant"], (*paying, "instant"), detail)
    question = bic_question(account) if {"iban", "bic"} <= given.keys() else None
    if question is not None and value_at(located, (*paying, "confirm_bic_country")) is not True:
        detail = f"{question}; when it is meant so, add `confirm_bic_country: true`"
        yield mistake(located.values[*paying, "bic"], (*paying, "confirm_bic_country"), detail)


def file_limit_mistakes(located: Located) -> Iterator[Mistake]:
    """Where the bank takes a file up to a sum that not even one payout of the minimum fits."""
    at: Path = (*PAYING, "file_max_minor")
    most, points, minor, minimum = (
        value_at(located, path)
        for path in (at, (*PAYOUT, "points"), (*PAYOUT, "minor"), (*PAYOUT, "minimum_points"))
    )
    if not all(isinstance(one, int) and one > 0 for one in (most, points, minor, minimum)):
        return
    least = max(-(-minimum // points), 1) * minor
    if most < least:
        detail = f"the smallest payout is of {least} minor units already: no file of {most} takes one"
        yield mistake(located.values[at], at, detail)


def address_mistakes(located: Located) -> Iterator[Mistake]:
    """Why a bank would not take the address of who pays."""
    at: Path = (*PAYING, "address")
    given = value_at(located, at)
    if not isinstance(given, dict):
        return
    for field in ("town", "post_code", "street", "building"):
        reason = why_not_in_address(given[field]) if _is_text(given.get(field)) and given[field] else None
        if reason is not None:
            yield mistake(located.values[*at, field], (*at, field), reason)
    country = given.get("country")
    if isinstance(country, str) and _COUNTRY.fullmatch(country) and not is_country(country):
        yield mistake(located.values[*at, "country"], (*at, "country"), f"{country} is not the code of a country")
    for place, line in enumerate(list_at(located, (*at, "lines"))):
        reason = why_not_in_address(line) if _is_text(line) and line else None
        again = _said_again(given, str(line))
        if reason is not None or again is not None:
            yield mistake(located.values[*at, "lines", place], (*at, "lines", place), reason or again or "")


def _said_again(address: dict[str, Any], line: str) -> str | None:
    """A line of a hybrid address says nothing that has a field: banks refuse the town twice."""
    for field in ("town", "country"):
        said = address.get(field)
        if _is_text(said) and re.search(rf"(?<!\w){re.escape(str(said))}(?!\w)", line, re.IGNORECASE):
            return f"{said} stands in `{field}` already: leave it out here"
    return None


def _shown_iban(iban: str) -> str:
    """The whole of it: whoever publishes it wrote it, and it is the community's own."""
    return iban if len(iban) <= SHOWN_MAX_CHARS else iban[:SHOWN_MAX_CHARS] + "…"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= READ_MAX_CHARS
