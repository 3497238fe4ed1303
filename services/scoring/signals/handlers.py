"""What was given is noted, as events are scored."""

from collections.abc import Mapping, Sequence

from services.scoring.signals.domain.acts import Act
from services.scoring.signals.store import acts as acts_store
from services.scoring.signals.store import ties as ties_store
from shared.postgres import Connection


async def note_acts(conn: Connection, *, acts: Sequence[Act], words: Mapping[tuple[str, str], bool]) -> None:
    """Note new acts, and of others whether their events are taken back; those concerned are looked at.

    `words` say of events that were scored before whether they are taken back now.
    """
    moved: list[tuple[Act, int]] = []
    if acts:
        new = await acts_store.add_acts(conn, acts=acts)
        moved += [(act, 1) for act in acts if act.award_id in new and not act.is_taken_back]
    if words:
        changed = await acts_store.set_taken_back(conn, words=words)
        moved += [(act, -1 if act.is_taken_back else 1) for act in changed]
    if moved:
        await ties_store.add_to_ties(conn, moved=moved)
