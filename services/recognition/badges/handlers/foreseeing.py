"""Who would hold a badge that is not published yet: counted among members, of what is known of them."""

from dataclasses import dataclass
from uuid import uuid4

from pydantic import ValidationError

from services.recognition.badges.domain.deciding import Asked, Criteria, Step
from services.recognition.badges.handlers.deciding import load_values
from services.recognition.badges.store import shown as shown_store
from services.recognition.badges.store import standing as store
from services.recognition.counts import store as counts_store
from services.recognition.counts.domain import NO_PLAN
from services.recognition.thresholds.domain import ThresholdKey, gives_points
from shared.conditions.criteria import EARNED_POINTS, POINTS, check_kind, compile_criterion
from shared.conditions.errors import ConditionError
from shared.contracts.programme import Badge
from shared.postgres import Connection

#: Members who are looked at; of more, so many from a place by chance on: ids are random.
SAMPLE_MAX_COUNT = 10_000
PIECE_COUNT = 2_000


class NotCountableError(Exception):
    """It cannot be said who would hold a badge; the message says why."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """How many members would hold a badge, by tier (None: the badge), of so many who were looked at."""

    by_tier: dict[str | None, int]
    looked_at: int
    members: int

    @property
    def is_exact(self) -> bool:
        """Whether all were looked at."""
        return self.looked_at >= self.members


async def foresee(conn: Connection, *, community: str, badge: Badge) -> Foreseen:
    """How many members would hold a badge by what they have now; of a large community by a sample.

    Raises NotCountableError for one that people give, that is no badge, or that reads what nothing counts yet.
    """
    plan = (await counts_store.load_plans(conn, communities=[community])).get(community, NO_PLAN)
    in_force = await store.find_criteria(conn, community=community, plan=plan)
    asked = _asked(badge)
    whole = {counter.id for counter in plan.counters if counter.counted_up_to is None}
    unknown = [
        rule for rule in sorted(asked.criterion.reads.events) if plan.counter_by_rule.get(rule) not in whole
    ]
    if unknown:
        raise NotCountableError(
            f"nothing counts the events of `{unknown[0]}` yet: that begins with the version that asks for them. "
            f'awards("{unknown[0]}") can be counted before'
        )
    streaks = await store.load_streaks(conn, community=community, plan=plan)
    missing = asked.criterion.reads.streaks.difference(one.id for one in streaks)
    if missing:
        raise NotCountableError(f"there is no streak `{min(missing)}` in the programme in force")
    criteria = Criteria(
        plan.thresholds.version,
        asked=(asked,),
        reads=asked.criterion.reads,
        streaks=tuple(one for one in streaks if one.id in asked.criterion.reads.streaks),
        counters=in_force.counters,
    )
    return await _counted(conn, community=community, asked=asked, criteria=criteria)


async def _counted(conn: Connection, *, community: str, asked: Asked, criteria: Criteria) -> Foreseen:
    members = await shown_store.count_members(conn, community=community)
    found = {step.key.tier_id: 0 for step in asked.steps}
    # From a place by chance on, and on from the beginning: all of them, or a fair sample.
    begin = store.BEFORE_ALL if members <= SAMPLE_MAX_COUNT else str(uuid4())
    seen: set[str] = set()
    for start in (begin, store.BEFORE_ALL)[: 1 if begin == store.BEFORE_ALL else 2]:
        after = start
        while len(seen) < SAMPLE_MAX_COUNT:
            page = await store.page_of_members(
                conn,
                community=community,
                audiences=criteria.reads.audiences,
                after=after,
                limit_count=PIECE_COUNT,
            )
            fresh = [one for one in page if one not in seen]
            groups = await store.load_groups(conn, community=community, head_ids=fresh)
            values = await load_values(conn, community=community, criteria=criteria, head_ids=fresh, groups=groups)
            for one in values.values():
                for step in asked.reached(one.context(criteria.reads)):
                    found[step.key.tier_id] += 1
            seen.update(fresh)
            if len(page) < PIECE_COUNT:
                break
            after = page[-1]
    return Foreseen(found, len(seen), max(members, len(seen)))


def _asked(badge: Badge) -> Asked:
    if badge.by_hand:
        raise NotCountableError("people give it: nobody holds it before")
    text = badge.when or badge.measure
    if text is None:
        points = EARNED_POINTS if gives_points(badge.gives) else POINTS
        text = points if badge.rule is None else f'{badge.counted}("{badge.rule}")'
    try:
        criterion = compile_criterion(text)
        check_kind(criterion, is_number=badge.when is None)
    except ConditionError as refused:
        raise NotCountableError(refused.detail) from None
    return Asked(
        badge,
        criterion,
        tuple(Step(ThresholdKey.of_badge(badge.id, tier), title, height) for tier, title, height in badge.steps),
    )


def read_badge(said: dict[str, object]) -> Badge:
    """A badge as a programme would say it. Raises NotCountableError for what is none."""
    try:
        return Badge.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = "/".join(map(str, first["loc"]))
        raise NotCountableError(f"{place}: {first['msg']}" if place else first["msg"]) from None
