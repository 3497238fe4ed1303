"""Who shares an account is looked at when bank details or the payer's account change, and told."""

from collections.abc import Collection

from services.rewards.payouts.links import store
from services.rewards.payouts.links.domain import Link, links_of
from services.rewards.payouts.store import lock_runs
from services.rewards.programmes.handlers import on_programmes as keep_programmes
from shared.contracts.facts import (
    MEMBER_LINKS_CHANGED,
    MemberLinksChanged,
    MemberLinksData,
    ProgrammePublished,
)
from shared.merges import load_heads
from shared.own_facts import ReadBack
from shared.topics import MEMBER_LINKS
from shared.transaction import Transaction


async def relink(tx: Transaction, *, community: str, ibans: Collection[str]) -> None:
    """Tell what is another than was told of members who are, or were, paid to these accounts.

    Nobody else sets bank details of the community meanwhile: its runs are locked.
    """
    accounts = await store.load_accounts(tx.conn, community=community, ibans=ibans)
    # Where they are paid now others may be, too.
    accounts |= await store.load_accounts(tx.conn, community=community, ibans=set(accounts.values()))
    if not accounts:
        return
    paying = await store.load_paying(tx.conn, community=community, ibans=set(accounts.values()))
    by_iban: dict[str, list[str]] = {}
    for member, iban in sorted(accounts.items()):
        by_iban.setdefault(iban, []).append(member)
    links = links_of(
        community,
        members=accounts,
        sharing={member: by_iban[iban] for member, iban in accounts.items()},
        paying={member for member, iban in accounts.items() if iban in paying},
        heads=await load_heads(tx.conn, keys=[(community, member) for member in accounts]),
        known=await store.load_links(tx.conn, community=community, member_ids=accounts),
        new_ids=await store.draw_ids(tx.conn, member_ids=sorted(accounts)),
    )
    if links:
        await store.put_links(tx.conn, links=links)
    for link in links:
        _tell(tx, link)


async def on_programmes(tx: Transaction, facts: list[ProgrammePublished]) -> None:
    """Keep the rewards section of each version; who is paid to the account that it pays from is told."""
    await keep_programmes(tx, facts)
    paying: dict[str, set[str]] = {}
    for fact in facts:
        payout = (fact["data"]["document"].get("rewards") or {}).get("payout")
        if payout is not None:
            accounts = [payout, *(payout.get("also") or ())]
            paying.setdefault(fact["community"], set()).update(one["paying_account"]["iban"] for one in accounts)
    for community, ibans in sorted(paying.items()):
        await lock_runs(tx.conn, community)
        await relink(tx, community=community, ibans=ibans)


def _tell(tx: Transaction, link: Link) -> None:
    data: MemberLinksData = {
        "member_id": link.member_id,
        "revision": link.revision,
        "members_count": link.members_count,
        "is_payer": link.is_payer,
    }
    if link.account_id is not None:
        data["account_id"] = link.account_id
    tx.tell(
        MEMBER_LINKS,
        MEMBER_LINKS_CHANGED,
        fact_id=link.fact_id,
        community=link.community,
        subject=link.member_id,
        data=data,
    )


async def on_links_told(tx: Transaction, facts: list[MemberLinksChanged]) -> None:
    """Take in what was told and the database has forgotten."""
    links = [
        Link(
            fact["community"],
            fact["data"]["member_id"],
            fact["data"]["revision"],
            fact["data"].get("account_id"),
            fact["data"]["members_count"],
            fact["data"]["is_payer"],
        )
        for fact in facts
    ]
    await store.put_links(tx.conn, links=links)


READ_BACK = (ReadBack((MEMBER_LINKS,), MEMBER_LINKS_CHANGED.adapter, on_links_told),)
