"""A programme over a whole history of events at once: what it gives, by the engine that scores them one by one.

What each claim gets is a function of the events and never of their arrival, so one pass over all of them gives
what any batches would.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from services.scoring.awards.domain.activities import marks, sort_out
from services.scoring.awards.domain.awards import make
from services.scoring.awards.domain.reasons import why_less
from services.scoring.campaigns.domain.books import Books, give
from services.scoring.limits.domain.allotting import Window, settle
from services.scoring.limits.domain.corrections import graced
from services.scoring.programmes.domain.reading import document_of
from services.scoring.rules.domain.asking import Question, questions
from services.scoring.rules.domain.attributes import Known, MemberKey, Said
from services.scoring.rules.domain.compiling import compile_version
from services.scoring.rules.domain.declining import Declined
from services.scoring.rules.domain.matching import match
from services.scoring.rules.domain.qualities import FULL, JUDGE_TRUST, QUALITY, UNJUDGED, VALUES
from shared.conditions.evaluation import Answer, Condition, compiled, context_of, holds
from shared.contracts.activities import TARGETING_TYPES
from shared.contracts.facts import AcceptedEvent
from shared.contracts.own_acts import MEMBER_ATTRIBUTE, MEMBER_ATTRIBUTES, is_making
from shared.contracts.programme import SPENDABLE, Programme, Slot

COMMUNITY = "rehearsal"
_NAMESPACE = UUID("0f0d6a53-5d5e-5b9e-8a5d-5a0c2f2d9e41")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
#: Who a person is, by channel and the id that they have there.
PersonOf = Callable[[str, str], str]


class Given(NamedTuple):
    """Points that a rule gives a person for an event; below 0 they are taken."""

    event_uid: str
    person: str
    rule_id: str
    score: str
    points: int


class Refused(NamedTuple):
    """Why a rule gives a person nothing for an event, or less than its points; nobody where it is for nobody."""

    event_uid: str
    person: str | None
    rule_id: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a history."""

    given: list[Given]
    refused: list[Refused]


@dataclass(slots=True)
class History:
    """Activities as platforms send them become events as scoring reads them; people keep their names beside it."""

    person_of: PersonOf
    events: list[AcceptedEvent] = field(default_factory=list)
    people: dict[str, str] = field(default_factory=dict)

    def add(self, activity: Mapping[str, Any]) -> str:
        """Take an activity that keeps to its contract, with an aware time; returns the uid of its event."""
        data = dict(activity["data"])
        source, at, target = activity["source"], activity["time"].astimezone(UTC), data.pop("target", None)
        actor, made, answered = data.get("actor"), data.get("object"), data.get("in_reply_to")
        event: dict[str, Any] = {
            "id": activity["id"], "source": source, "type": activity["type"], "time": at, "receivedat": at,
            "community": COMMUNITY, "uid": _uid(source, activity["id"]), "data": data,
        }  # fmt: skip
        bots: list[str] = []
        authors = ((made or {}).get("author"), (answered or {}).get("author"))
        contributors = data.get("contributors") or ()
        for slot, person in zip(MEMBER_ATTRIBUTES, (actor, *authors, *contributors), strict=False):
            if person is not None:
                event[slot] = self._member(data["channel"], person["id"])
                bots += [slot] if person.get("bot") else []
        if bots:
            event["bots"] = " ".join(bots)
        if target is not None:
            event["targetuid"] = _uid(target["source"], target["id"])
        for name, thing in (("object", made), ("in_reply_to", answered)):
            if thing is not None:
                data[name] = _without_names(thing)
        if actor is not None:
            data["actor"] = {"bot": actor["bot"]} if "bot" in actor else {}
        if contributors:
            data["contributors"] = [{"bot": one["bot"]} if "bot" in one else {} for one in contributors]
        self.events.append(event)  # type: ignore[arg-type]
        return str(event["uid"])

    def _member(self, channel: str, platform_id: str) -> str:
        person = self.person_of(channel, platform_id)
        member_id = member_id_of(person)
        self.people[member_id] = person
        return member_id


def member_id_of(person: str) -> str:
    """The id of the member that a person is here."""
    return str(uuid5(_NAMESPACE, person))


def known_of(attributes: Mapping[str, Mapping[str, Any]]) -> Known:
    """What is known of people by name, from the beginning on."""
    return {
        MemberKey(COMMUNITY, member_id_of(person)): {
            name: [Said(_BEGINNING, _BEGINNING, value)] for name, value in values.items()
        }
        for person, values in attributes.items()
    }


def play(programme: Programme, history: History, known: Known = MappingProxyType({})) -> Played:
    """What a programme gives for a history, in the community's days of UTC."""
    version = compile_version(programme, 1, _BEGINNING)
    versions = {COMMUNITY: [version]}
    work = sort_out(history.events, marks(history.events), {})
    if programme.quality is not None:
        known = {**known, **_qualities(work.fresh, known)}
    asked = questions(work.fresh, versions, known)
    matched = match(work.fresh, versions, {key: _answers(one) for key, one in asked.items()}, known)
    made = make(matched.candidates, work.words)
    graced(claim for claim in made.claims if claim.corrected_on is not None)
    settle(made.claims, (), {name: Window() for claim in made.claims for name in claim.windows})
    for campaign in programme.campaigns or ():
        give([claim for claim in made.claims if claim.campaign == campaign.id], {1: campaign}, Books())
    people, document = history.people, document_of(programme)
    given = [
        Given(one.event_uid, people[one.member_id], one.rule_id, one.score or SPENDABLE, one.points)
        for one in made.awards
    ]
    given += [
        Given(one.event_uid, people[one.member_id], one.rule_id, one.terms.score_id, one.due)
        for one in made.claims
        if one.due
    ]
    by_uid = {event["uid"]: event for event in work.fresh}
    less = [(claim.member_id, one) for claim in made.claims if (one := why_less(claim, document))]
    refused = [_refused(_in_slot(by_uid[one.event_uid], one.beneficiary), one, people) for one in matched.declined]
    refused += [_refused(member_id, one, people) for member_id, one in less]
    return Played(given, refused)


def _qualities(events: Iterable[AcceptedEvent], known: Known) -> Known:
    """What rules read of quality here.

    `judge_trust` is as known of whoever does it, else in full; `quality` as known of whose it is, else as of what
    nobody judged.
    """
    found: dict[MemberKey, dict[str, list[Said]]] = {}
    for event in events:
        author_id = event.get("replymember") if is_making(event) else event.get("objectmember")
        found[MemberKey(COMMUNITY, event["uid"])] = {
            VALUES[name]: list(known.get(MemberKey(COMMUNITY, member_id or ""), {}).get(name, ()))
            or [Said(_BEGINNING, _BEGINNING, usual)]
            for name, member_id, usual in (
                (JUDGE_TRUST, event.get("member"), FULL),
                (QUALITY, author_id, UNJUDGED),
            )
        }
    return found


def _refused(member_id: str | None, one: Declined, people: Mapping[str, str]) -> Refused:
    person = None if member_id is None else people[member_id]
    return Refused(one.event_uid, person, one.rule_id, one.reason, one.detail)


def _in_slot(event: Mapping[str, Any], slot: Slot) -> str | None:
    return event.get(MEMBER_ATTRIBUTE[slot])


def _answers(question: Question) -> dict[str, Answer]:
    """What a dear condition says: here nobody else waits for it."""
    condition = Condition(compiled(question.condition.text), question.condition.variables)
    return {
        uid: holds(condition, context_of(event, question.condition.variables, question.members.get(uid, {})))
        for uid, event in question.events.items()
    }


def _without_names(thing: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"id": thing["id"]}
    author = thing.get("author")
    if author is not None and "bot" in author:
        found["author"] = {"bot": author["bot"]}
    return found


def _uid(source: str, event_id: str) -> str:
    return str(uuid5(_NAMESPACE, f"{source}|{event_id}"))


def is_targeting(event_type: str) -> bool:
    """Whether an event of that type takes back or restores another."""
    return event_type in TARGETING_TYPES


def points_by_person_and_rule(given: Iterable[Given]) -> dict[str, dict[str, int]]:
    """What each has by rule; what comes to nothing is left out."""
    found: dict[str, dict[str, int]] = {}
    for one in given:
        of_person = found.setdefault(one.person, {})
        of_person[one.rule_id] = of_person.get(one.rule_id, 0) + one.points
    return found
