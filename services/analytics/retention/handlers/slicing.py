"""What people do in slices is counted, as far as it is another than was counted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from services.analytics.attributes.domain import Held, SaidValue, held
from services.analytics.attributes.store import load_values
from services.analytics.audiences.domain import Stay, stays
from services.analytics.audiences.store import load_turns
from services.analytics.retention.domain.contributions import Key, Person, Terms
from services.analytics.retention.domain.slices import (
    NO_PART,
    Belonging,
    DayOfChannel,
    Part,
    Slice,
    change_of_part,
    parts_of,
)
from services.analytics.retention.store import slices
from services.analytics.settings import Settings
from shared.calendars import Calendar
from shared.merges import MemberKey
from shared.transaction import Transaction


class Looked(NamedTuple):
    """People as they are, each with their members and what these did; who is merged into another is nobody."""

    people: Mapping[MemberKey, Person]
    groups: Mapping[MemberKey, Sequence[str]]
    done: Mapping[MemberKey, Sequence[DayOfChannel]]


async def count_parts(
    tx: Transaction[Settings], looked: Looked, *, calendars: Mapping[str, Calendar], terms: Terms
) -> None:
    """Count what these people do in slices: what they were counted as before is taken off."""
    names = tx.settings.slice_attribute_names
    belonging = await _belonging(tx, looked.groups, calendars=calendars, names=names)
    before = await slices.load_parts(tx.conn, people=looked.people)
    changes: Counter[tuple[str, Slice, Key]] = Counter()
    moved: dict[MemberKey, dict[Slice, Part]] = {}
    for key, person in looked.people.items():
        is_now: dict[Slice, Part] = {}
        if key in looked.done:
            is_now = parts_of(person, done=looked.done[key], belonging=belonging[key], names=names)
        was = before.get(key, {})
        moved[key] = {
            slice_: is_now.get(slice_, NO_PART)
            for slice_ in was.keys() | is_now.keys()
            if is_now.get(slice_, NO_PART) != was.get(slice_, NO_PART)
        }
        for slice_, part in moved[key].items():
            changed = change_of_part(was.get(slice_, NO_PART), part, calendar=calendars[key[0]], terms=terms)
            for place, number in changed.items():
                changes[key[0], slice_, place] += number
    await slices.put_parts(tx.conn, parts=moved)
    await slices.add_slice_figures(tx.conn, changes={place: number for place, number in changes.items() if number})


async def _belonging(
    tx: Transaction[Settings],
    groups: Mapping[MemberKey, Sequence[str]],
    *,
    calendars: Mapping[str, Calendar],
    names: Sequence[str],
) -> dict[MemberKey, Belonging]:
    """To what people belong, each by all who are one with them."""
    members = [(community, one) for (community, _), ids in groups.items() for one in ids]
    turns = await load_turns(tx.conn, members=members)
    values = await load_values(tx.conn, members=members, names=names)
    found: dict[MemberKey, Belonging] = {}
    for key, ids in groups.items():
        day_of = calendars[key[0]].day_of
        of_audience: dict[str, list[list[Stay]]] = defaultdict(list)
        said: dict[str, list[SaidValue]] = defaultdict(list)
        for one in ids:
            for audience_id, those in turns.get((key[0], one), {}).items():
                of_audience[audience_id].append(stays(those, day_of=day_of))
            for name, known in values.get((key[0], one), {}).items():
                said[name] += known
        found[key] = Belonging(of_audience, _held(said.items(), calendars[key[0]]))
    return found


def _held(said: Iterable[tuple[str, Sequence[SaidValue]]], calendar: Calendar) -> dict[str, Sequence[Held]]:
    return {name: held(values, day_of=calendar.day_of) for name, values in said}
