"""The form of a community: what is in it, and what of it is different from what there is."""

from collections.abc import Mapping
from typing import Any, Final

WEEK_STARTS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PUBLIC: Final = (
    *("boards", "badges", "names", "programme", "figures"),
    *("cards", "celebrations", "kudos", "nominations"),
)
COLOURS: Final = ("background", "text", "accent")
PLAIN: Final = ("title", "time_zone", "week_start", "currency")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: What is said of a field that ingest does not take, before its own words.
WRONG: Final = {
    "title": _("Say what the community is called"),
    "time_zone": _("There is no such time zone"),
    "week_start": _("A week begins on one of its days"),
    "currency": _("People are not paid in that"),
    "languages": _("Languages are written as it, en"),
    "look_name": _("Say what pages and messages call it"),
    "background": _("These colours can not be told apart by everybody"),
    "publishing": _("It is one person or two"),
    "public": _("That can not be public"),
    "texts_days": _("A number of days, from 1 to 3650"),
    "rejected_days": _("A number of days, from 1 to 3650"),
    "bots": _("A pattern has three characters beside *, and stands in a line of its own"),
}
#: The form's field by where an error is in the request, the longest beginning first.
_PLACES: Final = {
    "/look/name": "look_name",
    "/look": "background",
    "/review_policy": "publishing",
    "/retention/texts_days": "texts_days",
    "/retention/rejected_days": "rejected_days",
    "/languages": "languages",
    "/public": "public",
    "/bots": "bots",
    **{f"/{name}": name for name in PLAIN},
}


def planned(community: Mapping[str, Any]) -> Mapping[str, Any]:
    """How days are counted from the last change on, which may be still to come."""
    last: Mapping[str, Any] = community["calendar"][-1]
    return last


def filled(community: Mapping[str, Any]) -> dict[str, str]:
    """The form as it is filled with what there is."""
    look, colours = community["look"], community["look"]["colours"] or {}
    reckoning = planned(community)
    return {
        "title": community["title"],
        "time_zone": reckoning["time_zone"],
        "week_start": reckoning["week_start"],
        "currency": community["currency"],
        "languages": ", ".join(community["languages"]),
        "look_name": look["name"],
        **{name: colours.get(name, "") for name in COLOURS},
        "publishing": community["review_policy"]["publishing"],
        "backtest": "yes" if community["review_policy"]["backtest"] else "",
        "texts_days": str(community["retention"]["texts_days"]),
        "rejected_days": str(community["retention"]["rejected_days"]),
        "bots": "\n".join(community["bots"]),
        **{f"public-{one}": "yes" for one in community["public"]},
    }


def change(form: Mapping[str, str], community: Mapping[str, Any]) -> dict[str, Any]:
    """What of the form is different from what there is, as ingest takes it. Raises ValueError for no number."""
    before = filled(community)
    said = {name: form.get(name, "").strip() for name in before if not name.startswith("public-")}
    wanted: dict[str, Any] = {name: said[name] for name in PLAIN if said[name] != before[name]}
    if (languages := _parts(said["languages"].replace(",", "\n"))) != community["languages"]:
        wanted["languages"] = languages
    if (bots := _parts(said["bots"])) != community["bots"]:
        wanted["bots"] = bots
    public = [one for one in PUBLIC if form.get(f"public-{one}")]
    if set(public) != set(community["public"]):
        wanted["public"] = public
    if (said["publishing"], said["backtest"]) != (before["publishing"], before["backtest"]):
        wanted["review_policy"] = {"publishing": said["publishing"], "backtest": said["backtest"] == "yes"}
    retention = {name: int(said[name]) for name in ("texts_days", "rejected_days")}
    if retention != community["retention"]:
        wanted["retention"] = retention
    look = _look(said, community["look"], without_logo=bool(form.get("remove_logo")))
    if look != community["look"]:
        wanted["look"] = look
    return wanted


def errors_of(problem: Mapping[str, Any]) -> dict[str, str]:
    """By the form's field, what ingest says is wrong with it."""
    found: dict[str, str] = {}
    for error in problem.get("errors") or ():
        place = str(error.get("field") or "")
        name = next((name for start, name in _PLACES.items() if place.startswith(start)), None)
        if name is not None:
            found.setdefault(name, str(error["detail"]))
    return found


def _look(said: Mapping[str, str], before: Mapping[str, Any], *, without_logo: bool) -> dict[str, Any]:
    colours = {name: said[name].lower() for name in COLOURS}
    return {
        "name": said["look_name"],
        "colours": colours if any(colours.values()) else None,
        "logo_png": None if without_logo else before["logo_png"],
    }


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.splitlines() if part.strip()]
