"""Where a member's goods are, and where they are to be sent."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import Route

from console.frame.navigation import MY_REWARDS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.shipping.words import ICONS, ORDERED_WORDS, STATE_WORDS, TONES

UNPROCESSABLE = 422
LINES_COUNT = 3
NAMES = ("name", "line_1", "line_2", "line_3", "postcode", "city", "region", "country")
FIELD_MAX_CHARS = 100


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


NEEDED = {
    "name": _("Say who it is for"),
    "line_1": _("Give street and number"),
    "city": _("Give the town"),
    "country": _("Choose the country"),
}


async def look(visit: Visit) -> Response:
    """Where it is."""
    return await _look(visit)


async def say_where(visit: Visit) -> Response:
    """Say where it is to be sent."""
    said = {name: visit.form.get(name, "").strip()[:FIELD_MAX_CHARS] for name in NAMES}
    errors = {name: visit.say(text) for name, text in NEEDED.items() if not said[name]}
    if errors:
        return await _look(visit, errors=errors)
    lines = [said[f"line_{number}"] for number in range(1, LINES_COUNT + 1) if said[f"line_{number}"]]
    body = {name: said[name] for name in ("name", "postcode", "city", "region", "country")} | {"lines": lines}
    done = await visit.ask.command("PUT", "rewards", f"{_path(visit)}/address", body)
    if not done.ok:
        return await _look(visit, refused=Refusal.of(done))
    return visit.see_other(f"{MY_REWARDS.path}/chosen/{_id(visit)}/goods", toast="saved")


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["redemption_id"])


def _path(visit: Visit) -> str:
    return f"/v1/members/{visit.signed_in.member_id}/redemptions/{_id(visit)}"


async def _look(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    goods = await visit.ask.get("rewards", f"{_path(visit)}/fulfilment", language=visit.language)
    if goods.is_missing:
        raise NotFoundError
    typed = dict.fromkeys(NAMES, "")
    if goods.ok and (address := goods.body["address"]) is not None:
        typed |= {name: address[name] for name in ("name", "postcode", "city", "region", "country")}
        typed |= {f"line_{number}": line for number, line in enumerate(address["lines"], 1)}
    typed |= {name: visit.form[name] for name in NAMES if name in visit.form}
    return visit.page(
        "pages/my_rewards/goods.html",
        status=refused.status if refused is not None else UNPROCESSABLE if errors else 200,
        goods=goods,
        typed=typed,
        countries=visit.writer.countries,
        words=ORDERED_WORDS if goods.ok and goods.body["fulfilled_by"] == "provider" else STATE_WORDS,
        tones=TONES,
        icons=ICONS,
        errors=errors or {},
        refused=refused,
    )


GOODS = f"{MY_REWARDS.path}/chosen/{{redemption_id:uuid}}/goods"
ROUTES = [
    Route(GOODS, page(look, for_members=True), methods=["GET"]),
    Route(GOODS, page(say_where, for_members=True), methods=["POST"]),
]
