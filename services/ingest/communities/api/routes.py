"""HTTP routes of communities: declared by the installation's administrator, changed by their own too."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter

from services.ingest.communities import handlers, store
from services.ingest.communities.api.models import (
    UNUSABLE_LOGO,
    Community,
    CommunityChange,
    CommunityListed,
    CommunityWanted,
)
from services.ingest.communities.domain import communities as domain
from services.ingest.communities.domain.communities import CommunityPlace
from shared.access_keys import INSTALLATION, Scope, check_reach
from shared.calendars import Calendar, Reckoning
from shared.contracts.fields import Slug
from shared.http import Conn, Limit, Page, Principal, ProblemType, Tx, after, problem_responses, requires
from shared.http.problem_types import OTHER_COMMUNITY

UNKNOWN_COMMUNITY = ProblemType("unknown-community", 404, "No such community")
COMMUNITY_EXISTS = ProblemType("community-exists", 409, "The community was declared before")
NOTHING_WAITS = ProblemType("nothing-waits", 409, "No change of the review policy waits")
POLICY_FOUR_EYES = ProblemType("policy-four-eyes", 403, "Another person must approve the review policy")
PROPOSER_GONE = ProblemType("proposer-gone", 409, "Who asked for it may not do so any more")
STALE_REVISION = ProblemType("stale-revision", 409, "Somebody changed it meanwhile")
TOO_MANY_CHANGES = ProblemType("too-many-changes", 409, "The calendar was changed too often")

Administrator = Annotated[Principal, requires(Scope.COMMUNITIES_WRITE)]
Anybody = Annotated[Principal, requires(None)]

router = APIRouter()


@router.post(
    "/v1/communities",
    status_code=201,
    summary="Declare a community",
    responses=problem_responses(COMMUNITY_EXISTS, OTHER_COMMUNITY, UNUSABLE_LOGO),
)
async def post_community(caller: Administrator, tx: Tx, body: CommunityWanted) -> Community:
    """For administrators of the installation.

    Before its first event, its calendar is as said from always; later, from the end of a day that is under way.

    Every service learns of it within moments.
    """
    check_reach(caller, INSTALLATION)
    look = domain.Look(body.title) if body.look is None else await body.look.taken()
    wanted = domain.Community(
        community=body.id,
        title=body.title,
        calendar=Calendar([Reckoning(None, body.time_zone, body.week_start)]),
        currency=body.currency,
        languages=tuple(body.languages),
        look=look,
        public=tuple(body.public),
        publishing=body.review_policy.publishing,
        retention=domain.Retention(**body.retention.model_dump()),
        bots=tuple(body.bots),
        standings=body.standings.taken(),
        embed_sites=tuple(body.embed_sites),
        revision=1,
        backtest=bool(body.review_policy.backtest),
    )
    return Community.of(await handlers.declare_community(tx, wanted=wanted))


@router.get("/v1/communities", summary="Communities that were declared", responses=problem_responses())
async def get_communities(
    caller: Administrator,
    conn: Conn,
    place: Annotated[CommunityPlace | None, after(CommunityPlace)],
    limit: Limit = 100,
) -> Page[CommunityListed]:
    """In the order of their ids; for who administers one community, that one."""
    only = None if caller.community == INSTALLATION else caller.community
    found = await store.page_of_communities(conn, only=only, after=place, limit_count=limit)
    return Page[CommunityListed].of(found, limit, item=CommunityListed.of, place=CommunityPlace.of)


@router.get(
    "/v1/communities/{community}",
    summary="A community",
    responses=problem_responses(UNKNOWN_COMMUNITY, OTHER_COMMUNITY),
)
async def get_community(caller: Anybody, conn: Conn, community: Slug) -> Community:
    """With its calendar: which time zone was, is and will be in force from when."""
    check_reach(caller, community)
    found = await store.find_community(conn, community=community)
    if found is None:
        raise domain.UnknownCommunityError(community)
    # How one passes for no bot is not for everybody who has found a publishable key.
    return Community.of(replace(found, bots=()) if caller.is_publishable else found)


@router.patch(
    "/v1/communities/{community}",
    summary="Change a community",
    responses=problem_responses(
        UNKNOWN_COMMUNITY, OTHER_COMMUNITY, STALE_REVISION, TOO_MANY_CHANGES, UNUSABLE_LOGO
    ),
)
async def patch_community(caller: Administrator, tx: Tx, community: Slug, body: CommunityChange) -> Community:
    """A change of time zone or week moves no day that was: it takes effect where a day of the old zone ends.

    `calendar` in the answer says when that is. Until then another change takes its place. That one person
    publishes where two do waits for another administrator, and `proposed_policy` says so; the rest is so at once.
    """
    check_reach(caller, community)
    fields: dict[str, Any] = {
        name: value
        for name, value in (
            ("title", body.title),
            ("currency", body.currency),
            ("languages", None if body.languages is None else tuple(body.languages)),
            ("look", None if body.look is None else await body.look.taken()),
            ("standings", None if body.standings is None else body.standings.taken()),
            ("bots", None if body.bots is None else tuple(body.bots)),
            ("embed_sites", None if body.embed_sites is None else tuple(body.embed_sites)),
            ("public", None if body.public is None else tuple(body.public)),
            ("publishing", None if body.review_policy is None else body.review_policy.publishing),
            ("backtest", None if body.review_policy is None else body.review_policy.backtest),
            ("retention", None if body.retention is None else domain.Retention(**body.retention.model_dump())),
        )
        if value is not None
    }
    asked = domain.Lowering(caller.person_id, caller.community, tx.now)
    change = domain.Change(fields, time_zone=body.time_zone, week_start=body.week_start, asked=asked)
    return Community.of(
        await handlers.change_community(tx, community=community, revision=body.revision, change=change)
    )


@router.post(
    "/v1/communities/{community}/review-policy/approve",
    summary="Let one person publish, as another asked",
    responses=problem_responses(
        UNKNOWN_COMMUNITY, OTHER_COMMUNITY, NOTHING_WAITS, POLICY_FOUR_EYES, PROPOSER_GONE
    ),
)
async def post_policy_approval(caller: Administrator, tx: Tx, community: Slug) -> Community:
    """For another administrator than who asked, by whatever keys: of the community or of the installation."""
    check_reach(caller, community)
    return Community.of(await handlers.approve_lowering(tx, caller=caller, community=community))


@router.post(
    "/v1/communities/{community}/review-policy/withdraw",
    summary="Let two people publish as before",
    responses=problem_responses(UNKNOWN_COMMUNITY, OTHER_COMMUNITY, NOTHING_WAITS),
)
async def post_policy_withdrawal(caller: Administrator, tx: Tx, community: Slug) -> Community:
    """For any administrator, who asked too."""
    check_reach(caller, community)
    return Community.of(await handlers.withdraw_lowering(tx, community=community))
