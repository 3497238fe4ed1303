"""The strong ties around members are read: for several looks together, since the same others are around them."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field

from services.scoring.signals.domain.cases import CaseKey
from services.scoring.signals.domain.ties import Graph, Tie
from services.scoring.signals.store import ties as ties_store
from shared.contracts.programme import Signals
from shared.postgres import Connection

#: So many looks go through ties side by side: each holds at most 16,000 of them (128 members, 64 either way).
SIDE_BY_SIDE_COUNT = 10
#: So many ties, of some 200 bytes, are kept from one look to the next.
TIES_MAX_COUNT = 100_000


@dataclass(slots=True)
class KnownTies:
    """The strong ties of members that were read already; None of who is crowded.

    100,000 votes of a thousand members took 2.3 times the statements that there were looks, before several looks
    shared them.
    """

    ties: dict[str, list[Tie] | None] = field(default_factory=dict)
    count: int = 0

    async def load(self, conn: Connection, *, like: CaseKey, members: Collection[str], least_acts: int) -> None:
        """Read the ties of these members, of a community and window, as far as they are not there."""
        if self.count > TIES_MAX_COUNT:
            self.ties, self.count = {}, 0
        wanted = {member for member in members if member not in self.ties}
        if not wanted:
            return
        community, window = like.community, like.window
        crowded = await ties_store.find_crowded(conn, community=community, window=window, members=wanted)
        found = await ties_store.load_strong_ties(
            conn, community=community, window=window, members=sorted(wanted - crowded), least_acts=least_acts
        )
        self.ties |= {**found, **dict.fromkeys(crowded)}
        self.count += sum(map(len, found.values()))


async def explore(
    conn: Connection, *, keys: Sequence[CaseKey], terms: Signals
) -> AsyncIterator[tuple[CaseKey, Graph]]:
    """The strong ties around members of one window, of each as far as they can make a ring."""
    known = KnownTies()
    for start in range(0, len(keys), SIDE_BY_SIDE_COUNT):
        graphs = {key: Graph() for key in keys[start : start + SIDE_BY_SIDE_COUNT]}
        todo = set(graphs)
        while todo:
            wanted = {
                key: members
                for key in todo
                if (members := graphs[key].wanted(key.member_id, max_count=terms.ring_members))
            }
            everybody = {member for members in wanted.values() for member in members}
            await known.load(conn, like=keys[0], members=everybody, least_acts=terms.strong_acts)
            for key, members in wanted.items():
                of_each = [(member, known.ties[member]) for member in members]
                graphs[key].add(
                    members,
                    [tie for _, ties in of_each for tie in ties or ()],
                    crowded=[member for member, ties in of_each if ties is None],
                )
            todo = set(wanted)
        for key, graph in graphs.items():
            yield key, graph
