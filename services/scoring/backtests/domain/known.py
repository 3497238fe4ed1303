"""What a backtest knows beside the events: who was whom when, and what was decided for events then."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter

from services.scoring.limits.domain.claims import Heads
from services.scoring.rules.domain.attributes import AttributeRead, Known, MemberKey, Said
from services.scoring.rules.domain.qualities import FULL, JUDGE_TRUST, QUALITY, UNJUDGED, VALUES, is_quality
from services.scoring.voids.domain import NOTHING_STANDS, Standing
from shared.contracts.facts import AcceptedEvent
from shared.merges.domain import Merge, heads

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_SINCE = attrgetter("since")


@dataclass(frozen=True, slots=True)
class Persons:
    """Whom members were merged into, from each moment on at which that changed.

    `heads` has one more than `since`: first what was so before anybody was merged.
    """

    since: tuple[datetime, ...] = ()
    heads: tuple[Heads, ...] = ({},)

    @classmethod
    def of(cls, community: str, merges: Iterable[Merge]) -> "Persons":
        """The persons of a community by all of its merges, those that are over too."""
        spells = [
            (merge.member_id, into_id, merged_at, unmerged_at)
            for merge in merges
            for into_id, merged_at, unmerged_at in (
                *merge.spells,
                (merge.into_id, merge.merged_at, merge.unmerged_at),
            )
        ]
        turns = sorted({at for _, _, *times in spells for at in times if at is not None})
        into = [
            {member_id: into_id for member_id, into_id, begins, ends in spells if _lasts(begins, ends, at)}
            for at in turns
        ]
        found = [{(community, one): head for one, head in heads(of_turn).items()} for of_turn in into]
        return cls(tuple(turns), ({}, *found))

    def at(self, moment: datetime) -> Heads:
        """Whom members were merged into at a moment."""
        return self.heads[bisect_right(self.since, moment)]

    def slices(self, events: Sequence[AcceptedEvent]) -> Iterator[tuple[Heads, Sequence[AcceptedEvent]]]:
        """Events that follow on one another with one state of the persons when they were received."""
        if not self.since:
            yield self.heads[0], events
            return
        start = 0
        places = [bisect_right(self.since, event["receivedat"]) for event in events]
        for end in range(1, len(events) + 1):
            if end == len(events) or places[end] != places[start]:
                yield self.heads[places[start]], events[start:end]
                start = end


def _lasts(begins: datetime, ends: datetime | None, at: datetime) -> bool:
    return begins <= at and (ends is None or at < ends)


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a community as its backtest begins.

    `standing` are the voids that stand, `withheld` the awards that are held or were denied, by id, and `audiences`
    who is in each audience now, by the ids of heads.
    """

    community: str
    persons: Persons = field(default_factory=Persons)
    standing: Standing = NOTHING_STANDS
    withheld: Collection[str] = frozenset()
    audiences: Mapping[str, Collection[str]] = field(default_factory=dict)


def decided_of(
    events: Iterable[AcceptedEvent],
    read: Iterable[AttributeRead],
    turns: Mapping[MemberKey, Mapping[str, Sequence[Said]]],
) -> dict[MemberKey, dict[str, list[Said]]]:
    """What was decided for events, as it was read when they were scored.

    `turns` are who entered audiences and left them: what counts where no rule asked then.
    Of content that nothing was read of, its judges are trusted in full, and nobody has judged it.
    """
    found: dict[MemberKey, dict[str, list[Said]]] = {
        key: {name: list(said) for name, said in of_member.items()} for key, of_member in turns.items()
    }
    by_uid = {event["uid"]: event for event in events}
    for event in by_uid.values():
        found[MemberKey(event["community"], event["uid"])] = {
            VALUES[name]: [Said(_BEGINNING, _BEGINNING, usual)]
            for name, usual in ((JUDGE_TRUST, FULL), (QUALITY, UNJUDGED))
        }
    for one in read:
        event = by_uid[one.event_uid]
        if one.value is None:
            continue
        key = MemberKey(one.community, one.event_uid if is_quality(one.name) else one.member_id)
        of_key = found.setdefault(key, {})
        said = Said(event["time"], event["receivedat"], one.value)
        if is_quality(one.name):
            of_key[one.name] = [said]
        else:
            of_key.setdefault(one.name, []).append(said)
    for of_key in found.values():
        for said_of_name in of_key.values():
            said_of_name.sort(key=_SINCE)
    return found


def together(known: Known, decided: Known) -> Known:
    """What was said of members, and what was decided of them."""
    if not decided:
        return known
    return {key: {**known.get(key, {}), **decided.get(key, {})} for key in {*known, *decided}}
