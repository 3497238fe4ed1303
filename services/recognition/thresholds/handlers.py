"""What a programme asks for is remembered; what is granted is stored and told."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import orjson
from pydantic import ValidationError

from services.recognition.celebrations.domain import (
    JOINED_RULE,
    asks_who_joined,
    counted_rules,
    dated_rules,
    joint_rules,
)
from services.recognition.celebrations.handlers import celebrate, lose, stand_again
from services.recognition.metrics import GRANTS
from services.recognition.thresholds import store
from services.recognition.thresholds.domain import (
    KINDS,
    Grant,
    ProgrammeVersion,
    gives_of,
    holder_changes,
    reads_of,
)
from shared.contracts.facts import (
    MESSAGE_REQUESTED,
    RECOGNITION_GRANTED,
    GrantData,
    MessageRequestedData,
    ProgrammePublished,
)
from shared.contracts.facts.recognition import GivesData
from shared.contracts.programme import Gives, Recognition, counted_id, counted_of
from shared.followed_audiences import titles_of
from shared.topics import MESSAGES, RECOGNITION
from shared.transaction import InvalidMessageError, Transaction


class Traced(NamedTuple):
    """A grant, the trace of the request that caused it, and whether that was of the past."""

    grant: Grant
    traceparent: str | None = None
    is_backfill: bool = False


async def on_programmes(tx: Transaction, programmes: list[ProgrammePublished]) -> None:
    """Remember each version's recognition section, and put those that are due in force.

    Raises InvalidMessageError for a section that cannot be read.
    """
    await remember(tx, programmes)
    communities = {fact["community"] for fact in programmes}
    await store.put_due_in_force(tx.conn, communities=communities, now=tx.now)


async def remember(tx: Transaction, programmes: list[ProgrammePublished]) -> None:
    """Remember each version's recognition section.

    Raises InvalidMessageError for a section that cannot be read.
    """
    for index, fact in enumerate(programmes):
        data = fact["data"]
        section = data["document"].get("recognition", {})
        try:
            read = Recognition.model_validate(section)
        except ValidationError as error:
            raise InvalidMessageError(
                f"programme {data['programme_id']} {data['version']}: {error}", index
            ) from error
        timed = {step.rule for quest in read.quests for step in quest.steps}
        counted = {badge.rule for badge in read.badges if badge.counted == "events"} | reads_of(read).events
        counted |= counted_rules(read)
        dated = {rule for streak in read.streaks for rule in streak.rules} | dated_rules(read)
        joint = joint_rules(read)
        campaigns = {
            one["id"]: {
                "community": fact["community"],
                "id": one["id"],
                "starts": one["starts"],
                "ends": one["ends"],
                "holdout_percent": one.get("holdout_percent") or 0,
            }
            for one in data["document"].get("campaigns") or ()
        }
        rules = [
            rule
            | ({"dated": True} if rule["id"] in dated else {})
            | ({"joint": True} if rule["id"] in joint else {})
            | ({"timed": True} if rule["id"] in timed else {})
            | ({"campaign": campaigns.get(rule["campaign"])} if rule.get("campaign") else {})
            for rule in data["document"].get("rules", ())
            if rule["id"] in counted | dated | timed
        ]
        of_levels = sorted(counted_of(read.levels))
        rules += [
            rule
            | {"id": counted_id(rule_id, detail), "detail": detail}
            | ({"campaign": campaigns.get(rule["campaign"])} if rule.get("campaign") else {})
            for rule in data["document"].get("rules", ())
            for rule_id, detail in of_levels
            if rule_id == rule["id"]
        ]
        rules += [dict(JOINED_RULE)] if asks_who_joined(read) else []
        version = ProgrammeVersion(
            community=fact["community"],
            programme_id=data["programme_id"],
            version=data["version"],
            effective_from=data["effective_from"],
            recognition=orjson.dumps(section).decode(),
            rules=orjson.dumps(rules).decode(),
            audiences=orjson.dumps(titles_of(data["document"])).decode(),
        )
        await store.add_version(tx.conn, version=version)


async def make_grants(tx: Transaction, *, grants: Sequence[Traced], celebrates: bool = True) -> None:
    """Store, tell and celebrate grants. Those that were read back after a restore are known, and not told again.

    What is of the past is not celebrated, nor what follows from a merge, where `celebrates` is False. Nor is a
    badge granted that a person took from the member, nor taken back what nobody has.
    """
    if not grants:
        return
    known = await store.known_grants(tx.conn, grants=[one.grant for one in grants])
    new = [one for one in grants if one.grant.grant_id not in known]
    if held_back := await store.load_held_back(tx.conn, grants=[one.grant for one in new]):
        new = [one for one in new if one.grant.grant_id not in held_back]
    new = await _with_gives(tx, new)
    for one in new:
        tell_grants(tx, grants=[one.grant], traceparent=one.traceparent, is_backfill=one.is_backfill)
    await _celebrate(tx, new, celebrates=celebrates)
    await store_grants(tx, grants=[one.grant for one in new])


async def _celebrate(tx: Transaction, grants: Sequence[Traced], *, celebrates: bool) -> None:
    """Celebrate what was granted; what was celebrated before is in the feed while it is held."""
    lost = {(one.grant.community, one.grant.reverses) for one in grants if one.grant.reverses is not None}
    given = [one for one in grants if one.grant.reverses is None]
    await lose(tx, grants=lost)
    news = [one for one in given if celebrates and not one.is_backfill]
    await celebrate(tx, celebrations=[one.grant.celebration(one.traceparent) for one in news])
    known = [one for one in given if not celebrates or one.is_backfill]
    await stand_again(tx, celebrations=[one.grant.celebration(None) for one in known])
    # What is taken back in the transaction that granted it.
    keys = {(one.grant.community, one.grant.grant_id) for one in given}
    await lose(tx, grants=lost & keys)


async def _with_gives(tx: Transaction, grants: Sequence[Traced]) -> list[Traced]:
    """The grants with what comes with each by the version that it follows; what takes back gives nothing."""
    wanted = {(one.grant.community, one.grant.version) for one in grants if one.grant.reverses is None}
    sections = {key: await store.find_section(tx.conn, community=key[0], version=key[1]) for key in sorted(wanted)}
    return [
        one
        if one.grant.reverses is not None
        else one._replace(
            grant=replace(
                one.grant, gives=gives_of(sections[one.grant.community, one.grant.version], one.grant.key)
            )
        )
        for one in grants
    ]


async def store_grants(tx: Transaction, *, grants: Sequence[Grant]) -> None:
    """Store what was granted and taken back, and count it. Comes last in a transaction: its locks are shared."""
    if not grants:
        return
    await store.add_grants(tx.conn, grants=grants, granted_at=tx.now)
    await store.add_holders(tx.conn, changes=holder_changes(grants))
    for kind in KINDS:
        granted = sum(1 for grant in grants if grant.key.kind == kind and not grant.reverses)
        taken_back = sum(1 for grant in grants if grant.key.kind == kind and grant.reverses)
        GRANTS.labels(kind, "granted").inc(granted)
        GRANTS.labels(kind, "taken_back").inc(taken_back)


def gives_told(gives: Gives) -> GivesData:
    """What comes with a grant, as its fact says it."""
    told: GivesData = {}
    if gives.points is not None:
        told["points"] = gives.points
    if gives.reward is not None:
        told["reward"] = gives.reward
    if gives.ticket is not None:
        told["ticket"] = gives.ticket
    return told


def tell_grants(
    tx: Transaction, *, grants: Sequence[Grant], traceparent: str | None = None, is_backfill: bool = False
) -> None:
    """Tell what was granted and taken back, by which request, and whether that was of the past."""
    for grant in grants:
        data: GrantData = {
            "grant_id": grant.grant_id,
            "member_id": grant.member_id,
            "kind": grant.key.kind,
            "id": grant.key.base_id,
            "title": grant.title,
            "event_time": grant.event_time,
            "programme_version": grant.version,
        }
        if grant.award_id is not None:
            data["award_id"] = grant.award_id
        if grant.event_uid is not None:
            data["event_uid"] = grant.event_uid
        if grant.key.tier_id is not None:
            data["tier"] = grant.key.tier_id
        if grant.edition is not None:
            data["edition"] = grant.edition
        if grant.freed:
            data["freed"] = list(grant.freed)
        if grant.met is not None:
            data["met"] = dict(grant.met)
        if grant.by_hand:
            data["by_hand"] = True
        if grant.gives is not None:
            data["gives"] = gives_told(grant.gives)
        if grant.reverses is not None:
            data["reverses"] = grant.reverses
        if grant.day is not None:
            data["day"] = grant.day
        tx.tell(
            RECOGNITION,
            RECOGNITION_GRANTED,
            fact_id=grant.grant_id,
            community=grant.community,
            subject=grant.member_id,
            data=data,
            traceparent=traceparent,
            is_backfill=is_backfill,
        )
        if grant.reverses is None and not is_backfill:
            _ask_for_message(tx, grant, traceparent=traceparent)


def _ask_for_message(tx: Transaction, grant: Grant, *, traceparent: str | None) -> None:
    """Have the member told, if they and the community want that; nobody is told of the past."""
    said = {"title": grant.title, "tier": grant.key.tier_id}
    data: MessageRequestedData = {
        "request_id": grant.grant_id,
        "kind": grant.key.kind,
        "member_id": grant.member_id,
        "values": {name: value for name, value in said.items() if value},
    }
    tx.tell(
        MESSAGES,
        MESSAGE_REQUESTED,
        fact_id=grant.grant_id,
        community=grant.community,
        subject=grant.member_id,
        data=data,
        traceparent=traceparent,
    )
