"""What has to be known of members to have a piece of the log go through programmes."""

from collections.abc import Iterable, Sequence

from services.scoring.backtests.domain.known import Told, decided_of, together
from services.scoring.backtests.domain.replaying import Side
from services.scoring.backtests.store.known import load_turns
from services.scoring.programmes.domain.publication import VersionStart, succession
from services.scoring.programmes.store import versions
from services.scoring.rules.domain.asking import members_read
from services.scoring.rules.domain.attributes import Known, MemberKey, is_attribute
from services.scoring.rules.domain.compiling import compile_version
from services.scoring.rules.store import load_attributes, load_read
from shared.contracts.facts import AcceptedEvent
from shared.contracts.programme import Programme
from shared.postgres import Connection

IN_FORCE = "in force"


async def known_of(
    conn: Connection, events: Sequence[AcceptedEvent], *, sides: Iterable[Side], told: Told
) -> Known:
    """What rules of the sides read of members for events: what was said of them, and what was decided then."""
    wanted: dict[MemberKey, set[str]] = {}
    for side in sides:
        for heads, piece in told.persons.slices(events):
            for key, names in members_read(piece, {told.community: side.versions}, heads).items():
                wanted.setdefault(key, set()).update(names)
    if not wanted:
        return {}
    known = await load_attributes(conn, wanted=wanted)
    if all(is_attribute(name) for names in wanted.values() for name in names):
        return known
    read = await load_read(conn, community=told.community, event_uids=[event["uid"] for event in events])
    decided = [one for one in read if not is_attribute(one.name)]
    return together(known, decided_of(events, decided, await load_turns(conn, keys=wanted)))


async def side_in_force(conn: Connection, *, community: str) -> Side:
    """The programme of a community as it was in force, one version after the other."""
    starts: Sequence[VersionStart] = succession(await versions.load_starts(conn, community=community))
    documents = await versions.load_documents(conn, community=community, numbers=[one.number for one in starts])
    programmes = {number: Programme.model_validate(document) for number, document in documents.items()}
    compiled = [compile_version(programmes[one.number], one.number, one.effective_from) for one in starts]
    return Side(IN_FORCE, compiled, programmes)
