"""What the form of a reward says, as the service takes it; and a reward as its form shows it."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from console.asking import Answer
from console.components.languages import NAMES, zone
from console.frame.visits import Visit
from shared.contracts.fields import SLUG_PATTERN

KINDS = ("voucher", "gift_card", "merchandise", "donation", "experience", "cash", "other")
NUMBER_MAX_DIGITS = 9
_NUMBERS = ("stock", "low_count", "limit_count", "limit_days")
_TEXTS = ("title", "description", "category", "audience", "level")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


def shown(reward: Mapping[str, Any], visit: Visit) -> dict[str, str]:
    """A reward as its form shows it."""
    local = zone(visit.community.time_zone)
    now = datetime.now(UTC)
    later = [one for one in reward["prices"] if datetime.fromisoformat(one["effective_from"]) > now]
    limit = reward["limit"] or {}
    fields = {name: reward[name] or "" for name in _TEXTS} | {
        "id": reward["id"],
        "kind": reward["kind"],
        "points": _written(reward["points"]),
        "tags": ", ".join(reward["tags"]),
        "later_prices": "\n".join(f"{_minute(one['effective_from'], local)} {one['points']}" for one in later),
        "opens_at": _minute(reward["opens_at"], local),
        "closes_at": _minute(reward["closes_at"], local),
        "stock": _written(reward["stock"]),
        "low_count": _written(reward["low_count"]),
        "limit_count": _written(limit.get("max_count")),
        "limit_days": _written(limit.get("days")),
        "shows_left": "yes" if reward["shows_left"] else "",
        "is_withdrawn": "yes" if reward["is_withdrawn"] else "",
    }
    translations = {one["language"]: one for one in reward["translations"]}
    for language in NAMES:
        said = translations.get(language, {"title": "", "description": ""})
        fields |= {f"title-{language}": said["title"], f"description-{language}": said["description"]}
    return fields


def read(
    form: Mapping[str, str], visit: Visit, *, before: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], dict[str, str]]:
    """The body that a form means, and what is wrong with it by field. `before` is the reward that is changed.

    Languages that the form does not have stay as they were.
    """
    local = zone(visit.community.time_zone)
    errors: dict[str, str] = {}
    body: dict[str, Any] = {name: form.get(name, "").strip() or None for name in _TEXTS}
    body["description"] = form.get("description", "").strip()
    body["kind"] = form.get("kind") if form.get("kind") in KINDS else KINDS[0]
    if not body["title"]:
        errors["title"] = visit.say(_("Say what it is called"))
    for name in ("category", "audience", "level"):
        if body[name] and not re.fullmatch(SLUG_PATTERN, body[name]):
            errors[name] = visit.say(_("Give small letters, digits, - and _"))
    points = _number(form.get("points", ""))
    if not points:
        errors["points"] = visit.say(_("Say how many points, as a whole number"))
    numbers = {name: _number(form.get(name, "")) for name in _NUMBERS}
    for name, number in numbers.items():
        if form.get(name, "").strip() and (number is None or (number == 0 and name != "stock")):
            errors[name] = visit.say(_("Give a whole number, or nothing"))
    for name in ("opens_at", "closes_at"):
        try:
            body[name] = _moment(form.get(name, ""), local)
        except ValueError:
            errors[name] = visit.say(_("Give a day and a time, or nothing"))
    try:
        body["later_prices"] = _later_prices(form.get("later_prices", ""), local)
    except ValueError:
        errors["later_prices"] = visit.say(_("One a line, a day and the points, as in 2030-01-01 1200"))
    count = numbers["limit_count"]
    body |= {
        "points": points,
        "tags": [tag.strip() for tag in form.get("tags", "").split(",") if tag.strip()],
        "translations": _translations(form, before["translations"] if before else ()),
        "stock": numbers["stock"],
        "low_count": numbers["low_count"],
        "limit": {"max_count": count, "days": numbers["limit_days"]} if count else None,
        "shows_left": bool(form.get("shows_left")),
        "is_withdrawn": bool(form.get("is_withdrawn")),
    }
    return body, errors


def _later_prices(text: str, local: ZoneInfo) -> list[dict[str, Any]]:
    """Prices to come, one a line. Raises ValueError for what is none."""
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        day, _space, price = line.rpartition(" ")
        found.append({"effective_from": _moment(day, local), "points": int(price)})
    return found


def _translations(form: Mapping[str, str], before: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in before if one["language"] not in NAMES] + [
        {
            "language": language,
            "title": form[f"title-{language}"].strip(),
            "description": form.get(f"description-{language}", "").strip(),
        }
        for language in NAMES
        if form.get(f"title-{language}", "").strip()
    ]


def faults(visit: Visit, answer: Answer) -> dict[str, str]:
    """What a service found wrong, by the field of the form that says it."""
    found: dict[str, str] = {}
    for one in answer.problem.get("errors", ()):
        name = one["field"].removeprefix("/").partition("/")[0]
        found[{"limit": "limit_count", "translations": "title"}.get(name, name)] = visit.service_words(
            one["detail"]
        )
    return found


def _written(number: int | None) -> str:
    return "" if number is None else str(number)


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) <= NUMBER_MAX_DIGITS else None


def _minute(moment: str | None, local: ZoneInfo) -> str:
    """A moment as a field of a form has it: local, to the minute."""
    if moment is None:
        return ""
    return datetime.fromisoformat(moment).astimezone(local).strftime("%Y-%m-%dT%H:%M")


def _moment(text: str, local: ZoneInfo) -> str | None:
    text = text.strip()
    return datetime.fromisoformat(text).replace(tzinfo=local).isoformat() if text else None
