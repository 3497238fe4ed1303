"""By which slice of a community's activity a question asks for its figures."""

from typing import Annotated, Final

from fastapi import Depends, Query, Request

from services.analytics.audiences.store import load_titles
from services.analytics.retention.api.asking import OwnSettings
from services.analytics.retention.domain.slices import WHOLE, Kind, Slice
from services.analytics.retention.store import slices
from services.analytics.settings import Settings
from shared.http import Conn, FieldError, Problem, ProblemType
from shared.http.connected import ACTOR
from shared.near_names import suggestion

INVALID_SLICE = ProblemType("invalid-slice", 422, "There is no such slice")
SMALL_GROUP = ProblemType("small-group", 422, "So few members are in it that their figures are not shown")
VALUE_MAX_CHARS: Final = 1_000

SliceBy = Annotated[
    str | None,
    Query(
        max_length=64,
        description="Only what was done in a slice: `audience`, `channel`, or an attribute of"
        " `PLAUDIT_SLICE_ATTRIBUTES`, each as of the day it was done; with `slice`",
        examples=["audience"],
    ),
]
SliceValue = Annotated[
    str | None,
    Query(
        alias="slice",
        max_length=VALUE_MAX_CHARS,
        description="Which audience, channel or value of the attribute",
        examples=["helpers"],
    ),
]


def kinds_of(settings: Settings) -> list[str]:
    """By what figures are sliced here."""
    return [*Kind, *settings.slice_attribute_names]


async def _asked_slice(
    request: Request, conn: Conn, settings: OwnSettings, slice_by: SliceBy = None, value: SliceValue = None
) -> Slice:
    """The slice asked for. Raises Problem 422 where there is none, or fewer members than may be shown."""
    if slice_by is None and value is None:
        return WHOLE
    if slice_by is None or value is None:
        lacks = "slice" if value is None else "slice_by"
        raise _no_slice(lacks, "`slice_by` and `slice` come together: by what, and which")
    kind = checked_kind("slice_by", slice_by, settings)
    community: str = request.scope[ACTOR].community
    asked = Slice(kind, value)
    least = settings.slice_members_min_count
    members = await slices.count_members(conn, community=community, of=asked)
    titles = await load_titles(conn, community=community) if kind == Kind.AUDIENCE and not members else {}
    if not members and value not in titles:
        known = titles or await slices.load_sizes(
            conn, community=community, kind=kind, limit_count=_NAMED_MAX_COUNT
        )
        raise _no_slice("slice", f"Nobody was active in `{slice_by}` `{value}`: {suggestion(value, known)}")
    if members < least:
        detail = f"Fewer than {least} members were ever active in it: ask for a larger slice"
        raise Problem(SMALL_GROUP, detail, [FieldError(field="slice", detail=detail)])
    return asked


#: Values that a refusal names.
_NAMED_MAX_COUNT: Final = 20


def checked_kind(field: str, kind: str, settings: Settings) -> str:
    """By what figures are sliced. Raises Problem 422, by the `field` that asks for it, where they are not."""
    kinds = kinds_of(settings)
    if kind not in kinds:
        raise _no_slice(field, f"Figures are not sliced by `{kind}`: {suggestion(kind, kinds)}")
    return kind


def _no_slice(field: str, detail: str) -> Problem:
    return Problem(INVALID_SLICE, detail, [FieldError(field=field, detail=detail)])


#: In a route's parameters the caller comes before it.
AskedSlice = Annotated[Slice, Depends(_asked_slice)]
