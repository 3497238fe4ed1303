"""Members are asked: after what they did, and in each month or quarter. A timer does it, one at a time."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from services.ingest.communities import store as communities_store
from services.ingest.communities.handlers import calendars_of
from services.ingest.ideas.handlers import on_guidelines as decide_ideas
from services.ingest.metrics import SURVEYS_ASKED, SURVEYS_NOT_ASKED
from services.ingest.nominations.handlers.rounds import on_guidelines as decide_nominations
from services.ingest.settings import Settings
from services.ingest.surveys import store
from services.ingest.surveys.domain import Invitation, NotAsked, Person, in_language, invite, period_of, why_not
from services.ingest.surveys.store import Round
from services.ingest.triggers import store as triggers_store
from services.ingest.triggers.domain import DeclaredSurveys, Trigger
from services.ingest.walls.handlers import on_guidelines as decide_kudos
from shared.calendars import Calendar
from shared.consumer import Subscription
from shared.contracts.facts import (
    AUDIENCE_FACT,
    GUIDELINE_FACT,
    MESSAGE_REQUESTED,
    SURVEY_ASKED,
    AudienceFact,
    GuidelineFact,
    MessageRequestedData,
    SurveyAskedData,
)
from shared.contracts.facts.messages import MESSAGE_VALUE_MAX_CHARS
from shared.contracts.programme import Survey
from shared.followed_audiences import on_audiences
from shared.followed_suspensions import keep_suspensions, suspensions_of
from shared.topics import AUDIENCES, GUIDELINES, MESSAGES, SURVEYS
from shared.transaction import Transaction

ASK_EVERY_SECONDS: Final = 5.0
#: Of each community, in one transaction.
PORTION_COUNT: Final = 200
NOBODY: Final = "00000000-0000-0000-0000-000000000000"


async def on_audiences_told(tx: Transaction, facts: list[AudienceFact]) -> None:
    """Keep who is in which audience; of who was erased nothing."""
    await on_audiences(tx, facts)
    members: dict[str, set[str]] = {}
    for fact in facts:
        members.setdefault(fact["community"], set()).add(fact["data"]["member_id"])
    await store.delete_audiences_of_erased(tx.conn, members=members)


async def on_guidelines(tx: Transaction[Settings], facts: list[GuidelineFact]) -> None:
    """Keep what became of cases of kudos, suggestions and nominations, and who is suspended, and when."""
    await decide_ideas(tx, facts)
    await decide_kudos(tx, facts)
    await decide_nominations(tx, facts)
    await keep_suspensions(tx, suspensions_of(facts))


FOLLOWED_AUDIENCES = Subscription(AUDIENCES, AUDIENCE_FACT, on_audiences_told)
FOLLOWED_GUIDELINES = Subscription(GUIDELINES, GUIDELINE_FACT, on_guidelines)


async def ask(tx: Transaction[Settings]) -> bool:
    """Timer: ask members after what they did, then the next of a month or quarter; whether there is more."""
    triggers = await triggers_store.take_triggers(tx.conn, limit_count=PORTION_COUNT)
    if triggers:
        await _ask_after(tx, triggers)
    return await _ask_round(tx) or bool(triggers)


async def _ask_after(tx: Transaction[Settings], triggers: Sequence[Trigger]) -> None:
    communities = {one.community for one in triggers}
    declared = await triggers_store.load_declared(tx.conn, now=tx.now, communities=communities)
    keys = {(one.community, one.member_id) for one in triggers}
    persons = await store.load_persons(tx.conn, keys=sorted(keys), now=tx.now)
    calendars = await calendars_of(tx, communities=communities)
    # Of several the earliest is it; what is asked in this very transaction keeps the others quiet.
    for one in sorted(triggers, key=lambda one: (one.community, one.happened_at, one.event_uid, one.survey_id)):
        of, person = declared.get(one.community), persons.get((one.community, one.member_id))
        survey = None if of is None or of.surveys is None else of.surveys.survey(one.survey_id)
        if of is None or survey is None or person is None:
            continue
        calendar = calendars[one.community]
        at = _Asking(one.community, of, survey, one.event_uid, calendar)
        await _ask(tx, at, person=person, persons=persons)


async def _ask_round(tx: Transaction[Settings]) -> bool:
    """Ask the next members of the round that was gone on with longest ago; whether there was one."""
    declared = await triggers_store.load_declared(tx.conn, now=tx.now)
    asking = {community: of for community, of in declared.items() if of.surveys is not None}
    if not asking:
        return False
    calendars = await communities_store.load_calendars(tx.conn, communities=sorted(asking))
    wanted = [
        (
            community,
            survey.id,
            period_of(calendars.get(community, Calendar()).day_of(tx.now), survey.each).starts_on,
        )
        for community, of in asking.items()
        for survey in (of.surveys.ask if of.surveys is not None else ())
        if survey.each is not None
    ]
    known = await store.load_rounds(tx.conn, wanted=wanted)
    never = datetime.min.replace(tzinfo=UTC)
    rounds = [known.get((key[0], key[1]), Round(*key, NOBODY, False, never)) for key in wanted]
    waiting = sorted((one for one in rounds if not one.is_done), key=lambda one: (one.advanced_at, one))
    if not waiting:
        return False
    at = waiting[0]
    of = asking[at.community]
    survey = None if of.surveys is None else of.surveys.survey(at.survey_id)
    assert survey is not None  # noqa: S101 -- it is of those that were found above
    members = await store.page_of_members(
        tx.conn, community=at.community, after=at.after_member, limit_count=PORTION_COUNT
    )
    persons = await store.load_persons(tx.conn, keys=[(at.community, one) for one in members], now=tx.now)
    calendar = calendars.get(at.community, Calendar())
    asking_now = _Asking(at.community, of, survey, at.starts_on.isoformat(), calendar)
    for member_id in members:
        if (person := persons.get((at.community, member_id))) is not None:
            await _ask(tx, asking_now, person=person, persons=persons)
    is_done = len(members) < PORTION_COUNT
    after = members[-1] if members else at.after_member
    await store.put_round(tx.conn, at._replace(after_member=after, is_done=is_done, advanced_at=tx.now))
    return True


class _Asking(NamedTuple):
    """Which survey asks in which community, as which version has it, and on which trigger."""

    community: str
    of: DeclaredSurveys
    survey: Survey
    trigger: str
    calendar: Calendar


async def _ask(
    tx: Transaction[Settings], at: _Asking, *, person: Person, persons: dict[tuple[str, str], Person]
) -> None:
    """Ask somebody, if they are to be; `persons` has from then on that they were."""
    quiet_days = 0 if at.of.surveys is None else at.of.surveys.quiet_days
    why: NotAsked | None = why_not(person, at.survey, community=at.community, quiet_days=quiet_days, now=tx.now)
    if why is not None:
        SURVEYS_NOT_ASKED.labels(why.value).inc()
        return
    invitation = invite(
        at.survey,
        community=at.community,
        member_id=person.head_id,
        trigger=at.trigger,
        version=at.of.version,
        now=tx.now,
    )
    if not await store.add_invitations(tx.conn, invitations=[invitation]):
        return
    for key, one in list(persons.items()):
        if key[0] == at.community and one.head_id == person.head_id:
            persons[key] = one._replace(asked_at=tx.now)
    _tell(tx, invitation, survey=at.survey, calendar=at.calendar, language=person.language)
    SURVEYS_ASKED.inc()


def _tell(
    tx: Transaction[Settings], one: Invitation, *, survey: Survey, calendar: Calendar, language: str | None
) -> None:
    asked: SurveyAskedData = {
        "invitation_id": one.invitation_id,
        "survey": one.survey_id,
        "programme_version": one.programme_version,
        "member_id": one.member_id,
        "trigger": one.trigger,
        "asked_at": one.asked_at,
        "asked_on": calendar.day_of(one.asked_at),
        "closes_at": one.closes_at,
    }
    question = in_language(survey.question, language)[:MESSAGE_VALUE_MAX_CHARS]
    requested: MessageRequestedData = {
        "request_id": one.invitation_id,
        "kind": "survey",
        "member_id": one.member_id,
        "values": {"question": question, "invitation_id": one.invitation_id},
        "expires_at": one.closes_at,
    }
    tx.tell(
        SURVEYS,
        SURVEY_ASKED,
        fact_id=one.invitation_id,
        community=one.community,
        subject=one.member_id,
        data=asked,
    )
    tx.tell(
        MESSAGES,
        MESSAGE_REQUESTED,
        fact_id=one.invitation_id,
        community=one.community,
        subject=one.member_id,
        data=requested,
    )
