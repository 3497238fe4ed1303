"""Each service's copy of the communities, from communities.v1."""

from shared.consumer import Subscription
from shared.contracts.facts import COMMUNITY_CHANGED, CommunityChanged
from shared.followed_communities.store import put_communities
from shared.topics import COMMUNITIES
from shared.transaction import Transaction


async def on_communities(tx: Transaction, changes: list[CommunityChanged]) -> None:
    """Keep each community as its highest revision says it is."""
    newest: dict[str, CommunityChanged] = {}
    for change in changes:
        known = newest.get(change["community"])
        if known is None or known["data"]["revision"] < change["data"]["revision"]:
            newest[change["community"]] = change
    await put_communities(tx.conn, data={community: newest[community]["data"] for community in sorted(newest)})


#: What a service reads that counts days, or shows a community's name.
FOLLOWED_COMMUNITIES = Subscription(COMMUNITIES, COMMUNITY_CHANGED.adapter, on_communities)
