"""An answer is taken, once or until it is changed; what is anonymous is counted with at least four others."""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from services.ingest.communities.handlers import calendars_of
from services.ingest.events.domain.judgement import event_uid
from services.ingest.events.handlers import send_own
from services.ingest.members.domain import MemberKey, UnknownMemberError
from services.ingest.members.handlers.own import own_identities
from services.ingest.members.store import members as members_store
from services.ingest.messages.domain.messages import NoTokenError
from services.ingest.messages.handlers.reaching import BY_LINK
from services.ingest.messages.handlers.sealing import Link, read_link, write_link
from services.ingest.metrics import SURVEYS_ANSWERED
from services.ingest.settings import Settings
from services.ingest.surveys import domain, store
from services.ingest.surveys.domain import Invitation, Said
from services.ingest.triggers import store as triggers_store
from shared.audit import Actor, Did
from shared.contracts.facts import SURVEY_ASKED, SURVEY_COUNTED, SURVEY_FACT, SurveyCountedData, SurveyFact
from shared.contracts.facts.surveys import CHANNEL, HOST, TOGETHER_MAX_COUNT, TOGETHER_MIN_COUNT
from shared.contracts.programme import Survey
from shared.merges import find_head, load_group
from shared.own_facts import ReadBack
from shared.postgres import Connection
from shared.topics import SURVEYS
from shared.transaction import Transaction

COUNT_EVERY_SECONDS: Final = 10.0
#: So many facts of a survey at most in one transaction.
BLOCKS_MAX_COUNT: Final = 20
#: A person has no more open invitations at once that are shown.
OPEN_MAX_COUNT: Final = 50
#: What a link to an answer is for.
FOR_ANSWERS: Final = "survey"


class Asked(NamedTuple):
    """An invitation, and the question as the version that asked has it."""

    invitation: Invitation
    survey: Survey


async def find_asked(conn: Connection, settings: Settings, *, token: str, now: datetime) -> Asked:
    """What a link asks. Raises NoTokenError for one that asks nothing, or nothing any more."""
    return await _asked(conn, read_link(settings, token, what=FOR_ANSWERS, now=now))


async def load_open(conn: Connection, *, community: str, member_id: str, now: datetime) -> list[Asked]:
    """What a person is asked and may answer, what closes first first. Raises UnknownMemberError."""
    head_id = await find_head(conn, community=community, member_id=member_id)
    if await members_store.find_member(conn, key=MemberKey(community, head_id)) is None:
        raise UnknownMemberError(member_id)
    group = await load_group(conn, community=community, head_id=head_id)
    found = await store.load_open(conn, community=community, member_ids=group, now=now, limit_count=OPEN_MAX_COUNT)
    versions = await triggers_store.load_versions(
        conn, versions={(one.community, one.programme_version) for one in found}
    )
    asked = []
    for one in found:
        surveys = versions.get((one.community, one.programme_version))
        survey = None if surveys is None else surveys.survey(one.survey_id)
        if survey is not None:
            asked.append(Asked(one, survey))
    return asked


def token_of(settings: Settings, invitation: Invitation) -> str:
    """What the link of an invitation ends in. Raises NotSetUpError where there is no key."""
    one = invitation
    return write_link(settings, Link(FOR_ANSWERS, one.community, one.invitation_id, one.survey_id, one.closes_at))


async def answer(tx: Transaction[Settings], *, token: str, said: Said) -> Asked:
    """Take an answer of whoever has the link; another in place of an earlier one, where it may be changed.

    Raises NoTokenError, SurveyClosedError, AnsweredError and NotAnAnswerError.
    """
    link = read_link(tx.settings, token, what=FOR_ANSWERS, now=tx.now)
    one, survey = await _asked(tx.conn, link, lock=True)
    domain.check_open(one, survey, now=tx.now)
    domain.check_answer(survey, said)
    today = (await calendars_of(tx, communities={one.community}))[one.community].day_of(tx.now)
    if survey.anonymous:
        # Nothing says when, but the day; and no entry, no log and no event says who and what.
        done = replace(one, answered_on=today, answers_count=1)
        await store.add_waiting(
            tx.conn,
            community=one.community,
            survey_id=one.survey_id,
            answer_id=_by_lot(),
            answer=said.choice or str(said.score),
        )
        tx.did_nothing()
    else:
        number = one.answers_count + 1
        done = replace(
            one, answered_on=today, answers_count=number, score=said.score, choice=said.choice, words_uid=None
        )
        head_id = await find_head(tx.conn, community=one.community, member_id=one.member_id)
        await own_identities(tx, community=one.community, member_ids={one.member_id}, channel=CHANNEL, host=HOST)
        if one.answers_count:
            back = domain.retraction_of(one, number=one.answers_count, at=tx.now)
            send_own(tx, community=one.community, event=back)
        event = domain.event_of(one, said, number=number, at=tx.now)
        send_own(tx, community=one.community, event=event)
        if said.comment is not None:
            done = replace(done, words_uid=event_uid(one.community, event["source"], event["id"]))
        by = Actor(one.community, head_id, BY_LINK)
        after = {"survey": one.survey_id, "answers": number}
        tx.did(Did("survey.answer", "survey", one.invitation_id, head_id, after=after, actor=by))
    await store.set_answered(tx.conn, done)
    SURVEYS_ANSWERED.inc()
    return Asked(done, survey)


async def count_together(tx: Transaction[Settings]) -> bool:
    """Timer: tell the anonymous answers of a survey, once at least five are there and once a day at most.

    Whether there was one.
    """
    waiting = await store.load_waiting(tx.conn, least_count=TOGETHER_MIN_COUNT)
    calendars = await calendars_of(tx, communities={one.community for one in waiting}) if waiting else {}
    for one in waiting:
        today = calendars[one.community].day_of(tx.now)
        if one.counted_on is not None and one.counted_on >= today:
            continue
        for _ in range(BLOCKS_MAX_COUNT):
            taken = await store.take_waiting(
                tx.conn,
                community=one.community,
                survey_id=one.survey_id,
                counted_on=today,
                at_least=TOGETHER_MIN_COUNT,
                limit_count=TOGETHER_MAX_COUNT,
            )
            if not taken:
                break
            _tell(tx, one, taken=taken, today=today)
        return True
    return False


def _tell(tx: Transaction[Settings], one: store.Waiting, *, taken: Mapping[str, str], today: date) -> None:
    block_id = _by_lot()
    data: SurveyCountedData = {
        "block_id": block_id,
        "survey": one.survey_id,
        "counted_on": today,
        "answers": dict(sorted(Counter(taken.values()).items())),
        "answer_ids": sorted(taken),
    }
    tx.tell(
        SURVEYS,
        SURVEY_COUNTED,
        fact_id=block_id,
        community=one.community,
        subject=one.survey_id,
        data=data,
    )


async def on_surveys_told(tx: Transaction, facts: list[SurveyFact]) -> None:
    """Remember who was asked and what was counted, of which a restored database knows nothing any more.

    Where answers were counted that it never had, whose they were is nobody's to know: of that survey whoever was
    asked until then, and by what it knows has not answered, can answer no more.
    """
    asked: Sequence[Invitation] = [
        Invitation(
            fact["community"],
            data["invitation_id"],
            data["survey"],
            data["programme_version"],
            data["member_id"],
            data["trigger"],
            data["asked_at"],
            data["closes_at"],
        )
        for fact in facts
        if fact["type"] == "survey.asked.v1" and (data := fact["data"])
    ]
    if asked:
        await store.add_invitations(tx.conn, invitations=asked)
    for fact in facts:
        if fact["type"] == "survey.counted.v1":
            counted = fact["data"]
            of = {"community": fact["community"], "survey_id": counted["survey"]}
            before = await store.find_counted(tx.conn, **of)
            had_count = await store.delete_waiting(tx.conn, **of, answer_ids=counted["answer_ids"])
            is_new = before is None or counted["counted_on"] >= before
            if is_new and had_count < len(counted["answer_ids"]):
                await store.close_unanswered(tx.conn, **of, asked_until=fact["time"], at=tx.now)
            await store.put_counted(tx.conn, **of, counted_on=counted["counted_on"])


#: Whoever was asked is there before what was counted closes what they were asked. The second takes all, so that
#: what is no fact is put aside.
READ_BACK = (
    ReadBack((SURVEYS,), SURVEY_FACT, on_surveys_told, (SURVEY_ASKED.name,)),
    ReadBack((SURVEYS,), SURVEY_FACT, on_surveys_told),
)


async def _asked(conn: Connection, link: Link, *, lock: bool = False) -> Asked:
    one = await store.find_invitation(conn, community=link.community, invitation_id=link.of_id, lock=lock)
    if one is None:
        raise NoTokenError
    key = (one.community, one.programme_version)
    surveys = (await triggers_store.load_versions(conn, versions=[key])).get(key)
    survey = None if surveys is None else surveys.survey(one.survey_id)
    if survey is None:
        raise NoTokenError
    return Asked(one, survey)


def _by_lot() -> str:
    """An id that says nothing of when it was made."""
    return str(UUID(bytes=secrets.token_bytes(16), version=4))
