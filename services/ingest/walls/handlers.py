"""Accepted kudos come onto the wall, and what cases and lists of words say of them is kept beside them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from services.ingest.communities.handlers import calendars_of
from services.ingest.measuring.domain.texts import UnknownTextError
from services.ingest.measuring.handlers.sealing import sealer_of
from services.ingest.metrics import KUDOS_LISTED
from services.ingest.settings import Settings
from services.ingest.walls import store
from services.ingest.walls.domain import (
    KUDOS_TYPE,
    MESSAGE,
    SOURCE,
    Declared,
    Kudos,
    OnWall,
    WallAsked,
    WallPlace,
    kudos_data,
    moment_of,
)
from shared.calendars import month_of
from shared.consumer import Subscription
from shared.contracts.activities import RETRACTED_TYPE
from shared.contracts.activities.told import text_of
from shared.contracts.facts import (
    RECOGNITION_FACT,
    AcceptedEvent,
    GuidelineFact,
    ListedData,
    ProgrammePublished,
    RecognitionFact,
)
from shared.contracts.programme import KudosTerms, Level, WordList, opening
from shared.contracts.programme.listed import find_listed
from shared.followed_levels import keep_levels
from shared.postgres import Connection
from shared.topics import RECOGNITION
from shared.transaction import InvalidMessageError, Transaction

_TERMS = TypeAdapter[KudosTerms | None](KudosTerms | None)
_WORDS = TypeAdapter(list[WordList])
_LEVELS = TypeAdapter(list[Level])


class GivenEvent(NamedTuple):
    """An accepted event of kudos, with the members who gave and got it."""

    community: str
    event_uid: str
    event: dict  # type: ignore[type-arg]
    giver_id: str
    receiver_id: str
    #: Whether a word of a list was found when it was accepted, where what was written is not there to look again.
    is_listed: bool = False


class SaidOf(NamedTuple):
    """An accepted event that takes another back, or restores it."""

    community: str
    target_uid: str
    at: datetime
    is_taken_back: bool


async def on_programmes(tx: Transaction, programmes: list[ProgrammePublished]) -> None:
    """Remember what programmes say of kudos, and their lists of words.

    Raises InvalidMessageError for a programme that cannot be read.
    """
    for index, fact in enumerate(programmes):
        data = fact["data"]
        document = data["document"]
        try:
            recognition = document.get("recognition") or {}
            terms = _TERMS.validate_python(recognition.get("kudos"))
            levels = _LEVELS.validate_python(recognition.get("levels", []))
            words = _WORDS.validate_python((document.get("guidelines") or {}).get("words", []))
        except ValidationError as error:
            raise InvalidMessageError(f"kudos of {data['programme_id']}: {error}", index) from error
        await store.put_declared(
            tx.conn,
            community=fact["community"],
            version=data["version"],
            effective_from=data["effective_from"],
            declared=Declared(terms, words, _giving(levels)),
        )


def _giving(levels: Sequence[Level]) -> dict[str, str]:
    opened = opening(levels, "give_kudos")
    return {level.id: level.title for level in levels if level.id in opened}


async def find_declared(conn: Connection, *, community: str, now: datetime) -> Declared:
    """What the programme in force says of kudos."""
    found = await store.load_declared(conn, communities=[community], now=now)
    return found.get(community, store.NOTHING_DECLARED)


async def note_kudos(tx: Transaction[Settings], *, given: Sequence[GivenEvent]) -> dict[str, ListedData]:
    """Put accepted kudos on the wall; those that have a word of a list, by their ids, with the word."""
    if not given:
        return {}
    communities = {one.community for one in given}
    declared = await store.load_declared(tx.conn, communities=communities, now=tx.now)
    calendars = await calendars_of(tx, communities=communities)
    listed: dict[str, ListedData] = {}
    kudos = []
    for one in given:
        data, at = one.event["data"], moment_of(one.event)
        text = text_of(data)
        words = declared.get(one.community, store.NOTHING_DECLARED).words
        found = None if text is None else find_listed(text, words)
        if found is not None:
            listed[one.event_uid] = ListedData(category=found.category, word=found.word)
        value, object_id = kudos_data(data)
        kudos.append(
            Kudos(
                one.community,
                one.event_uid,
                one.giver_id,
                one.receiver_id,
                value,
                at,
                month_of(calendars[one.community].day_of(at)).starts_on,
                one.event["source"] == SOURCE,
                data["channel"],
                data.get("host", ""),
                object_id,
                is_listed=found is not None or one.is_listed,
            )
        )
    await store.put_kudos(tx.conn, kudos=kudos)
    KUDOS_LISTED.inc(len(listed))
    return listed


def kudos_told(facts: Sequence[AcceptedEvent]) -> list[GivenEvent]:
    """Those of the event log that thank somebody else, without what was written."""
    return [
        GivenEvent(fact["community"], fact["uid"], dict(fact), giver_id, receiver_id, is_listed="listed" in fact)
        for fact in facts
        if fact["type"] == KUDOS_TYPE
        and (giver_id := fact.get("member")) is not None
        and (receiver_id := fact.get("objectmember")) is not None
        and giver_id != receiver_id
    ]


def said_told(facts: Sequence[AcceptedEvent]) -> list[SaidOf]:
    """What the event log says of what was taken back or restored."""
    return [
        SaidOf(fact["community"], target, moment_of(fact), fact["type"] == RETRACTED_TYPE)
        for fact in facts
        if (target := fact.get("targetuid")) is not None
    ]


async def listed_among(
    tx: Transaction[Settings], *, said: Sequence[tuple[str, str, str]]
) -> dict[str, ListedData]:
    """Which of texts, each with its community and the id of its event, have a word of a list: by that id."""
    if not said:
        return {}
    declared = await store.load_declared(tx.conn, communities={one[0] for one in said}, now=tx.now)
    listed = {}
    for community, event_uid, text in said:
        found = find_listed(text, declared.get(community, store.NOTHING_DECLARED).words)
        if found is not None:
            listed[event_uid] = ListedData(category=found.category, word=found.word)
    return listed


async def note_taken_back(tx: Transaction[Settings], *, said: Sequence[SaidOf]) -> None:
    """Take kudos off the wall that were taken back, and put those there that were restored."""
    last: defaultdict[str, dict[str, tuple[datetime, bool]]] = defaultdict(dict)
    for one in said:
        known = last[one.community].get(one.target_uid)
        last[one.community][one.target_uid] = max(
            (one.at, one.is_taken_back), known or (one.at, one.is_taken_back)
        )
    for community in sorted(last):
        await store.set_taken_back(tx.conn, community=community, said=last[community])


async def on_guidelines(tx: Transaction[Settings], facts: list[GuidelineFact]) -> None:
    """Keep what became of cases: what was upheld is hidden, and what was dismissed is shown."""
    if outcomes := case_outcomes(facts):
        await store.set_cases(tx.conn, outcomes=outcomes)


def case_outcomes(facts: Sequence[GuidelineFact]) -> list[store.CaseOutcome]:
    """What became of cases by these facts, of each by its highest revision."""
    last: dict[str, store.CaseOutcome] = {}
    for fact in facts:
        if fact["type"] != "guidelines.case_changed.v1":
            continue
        data = fact["data"]
        outcome = store.CaseOutcome(
            fact["community"], data["channel"], data["host"], data["object_id"], data["state"], data["revision"]
        )
        known = last.get(data["case_id"])
        if known is None or known.revision < outcome.revision:
            last[data["case_id"]] = outcome
    return list(last.values())


async def on_recognition(tx: Transaction[Settings], facts: list[RecognitionFact]) -> None:
    """Keep which levels members have: some open giving kudos."""
    await keep_levels(tx, facts)


FOLLOWED_LEVELS = Subscription(RECOGNITION, RECOGNITION_FACT, on_recognition)


async def page_of_wall(
    conn: Connection, settings: Settings, *, asked: WallAsked, after: WallPlace | None, limit_count: int
) -> list[OnWall]:
    """The wall, newest first, with what was written while that is kept."""
    found = await store.page_of_wall(conn, asked=asked, after=after, limit_count=limit_count)
    return [replace(one, message=_message(settings, one)) for one in found]


def _message(settings: Settings, one: OnWall) -> str | None:
    if one.text is None:
        return None
    try:
        written = sealer_of(settings.text_keys).open(one.text)
    except UnknownTextError:
        return None
    return written.fields.get(MESSAGE)
