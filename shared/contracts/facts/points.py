"""Facts of scoring: points awarded, and what an award amounts to since."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Count, LocalDay, Points, Slug, Timestamp, Uuid
from shared.contracts.story import ACCEPTANCE, AMENDMENT, AWARD, GRACE, TRACEPARENT

Cause = Literal["retracted", "restored", "limit", "held", "released", "upheld", "suspended", "quality", "restated"]


class ByHandData(TypedDict):
    """Who gave an award by hand, took points, or took an award back; and who approved it, where that took two."""

    person_id: Uuid
    approved_by_person: NotRequired[Uuid]


class AwardData(TypedDict):
    """An award, of `points` given, or below 0 taken; or, with all of `amends`, `revision`, `cause` and `total`, an
    amendment.

    `score` is which score they are of; left out they are points that can be spent. They cannot be used before
    `available_at` and not after `expires_at`, where the rule says so.

    An amendment names in `amends` the award whose amount it changes. Those of one award count up from `revision` 1
    and come in that order. `points` is then what is added or taken, never 0, and `total` what the award amounts to
    from now on; everything else is said as the award said it. The `cause` is that its event was retracted or
    restored, that a limit has another room for it, because others came late, were retracted or restored, that a
    report of what its event is about was upheld, that its member is suspended, that content has another
    `quality`, or that a version of the programme was applied to the past. `restored` is also what is given back
    when a report or suspension does not stand any more. Or it is held until a person has looked at it, and
    `released` then; what is held from its beginning is told once it is released.

    `campaign` is whose budget it was taken from, where its rule is of one.

    `day` and `week` are those of the event, left out as there.

    `restatement_id` names the restatement that it was posted by, or taken back by with all of that.

    With `by_hand` a person gave it: `rule_id` is then the reason, as the programme's section `manual` has it, and
    `event_uid` names no event. With the `event_type` `content.quality.v1` it is for content that others found
    good: `event_uid` is then that content's id, and `event_time` when it was made. With `recognition.granted.v1`
    it came with a badge, level or quest: `event_uid` is that grant, and `rule_id` says what was granted.
    """

    award_id: Uuid
    member_id: Uuid
    points: Points
    rule_id: Slug
    beneficiary: Literal[
        "actor",
        "object_author",
        "reply_author",
        "contributor1",
        "contributor2",
        "contributor3",
        "contributor4",
        "contributor5",
    ]
    programme_id: Slug
    programme_version: Count
    event_uid: Uuid
    event_type: str
    event_time: Timestamp
    received_at: Timestamp
    day: NotRequired[LocalDay]
    week: NotRequired[LocalDay]
    amends: NotRequired[Uuid]
    revision: NotRequired[Annotated[int, Field(ge=1, le=2**31 - 1)]]
    cause: NotRequired[Cause]
    by_hand: NotRequired[ByHandData]
    total: NotRequired[Points]
    score: NotRequired[Slug]
    available_at: NotRequired[Timestamp]
    expires_at: NotRequired[Timestamp]
    campaign: NotRequired[Slug]
    restatement_id: NotRequired[Uuid]


_OF_AMENDMENTS = frozenset({"amends", "revision", "cause", "total"})


def _consistent(data: AwardData) -> AwardData:
    """The data, if it is wholly an award or wholly an amendment."""
    if "amends" not in data:
        if data["points"] == 0:
            raise ValueError("an award gives points, or takes some")
        if not _OF_AMENDMENTS.isdisjoint(data):
            raise ValueError("revision, cause and total go with amends")
        return data
    if not data.keys() >= _OF_AMENDMENTS:
        raise ValueError("amends goes with revision, cause and total")
    if data["points"] == 0 or data["total"] * (data["total"] - data["points"]) < 0:
        raise ValueError("an amendment changes what its award amounts to, and never from given to taken")
    if data["amends"] == data["award_id"]:
        raise ValueError("an amendment has an id of its own")
    return data


_AWARD_DATA = {
    "award_id": AWARD,
    "member_id": GRACE,
    "points": 15,
    "rule_id": "answer-accepted",
    "beneficiary": "object_author",
    "programme_id": "starter",
    "programme_version": 3,
    "event_uid": ACCEPTANCE,
    "event_type": "forum.answer_accepted.v1",
    "event_time": "2026-01-31T12:30:00Z",
    "received_at": "2026-01-31T12:30:01.250000Z",
}


class PointsAwarded(FactEnvelope):
    """Points that a rule gave for an event; with `amends`, a change of what such an award amounts to.

    With `backfill` it follows from an event of the past: it counts, and nobody is told of it.
    """

    type: Literal["points.awarded.v1"]
    backfill: NotRequired[Literal[True]]
    data: Annotated[AwardData, AfterValidator(_consistent)]


POINTS_AWARDED: Final = FactType(
    "points.awarded.v1",
    envelope=PointsAwarded,
    data=AwardData,
    examples=[
        fact_example(
            "points.awarded.v1",
            "scoring",
            AWARD,
            "2026-01-31T12:30:01.400000Z",
            _AWARD_DATA,
            traceparent=TRACEPARENT,
        ),
        fact_example(
            "points.awarded.v1",
            "scoring",
            AMENDMENT,
            "2026-02-01T08:00:01Z",
            {
                **_AWARD_DATA,
                "award_id": AMENDMENT,
                "points": -15,
                "amends": AWARD,
                "revision": 1,
                "cause": "retracted",
                "total": 0,
            },
        ),
    ],
)
