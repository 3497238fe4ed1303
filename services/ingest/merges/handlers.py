"""Members are merged and unmerged by hand, and every service is told."""

from services.ingest.ideas.handlers import count_anew
from services.ingest.members.domain import Member, MemberKey, UnknownMemberError
from services.ingest.members.handlers.resolving import find_own
from services.ingest.members.store import members as members_store
from services.ingest.merges.domain import (
    Merging,
    NotMergedError,
    UnknownIdentityError,
    check_room,
    differences,
    leaving,
    merged,
    unmerged,
)
from services.ingest.metrics import MEMBERS_MERGED
from shared.audit import Did
from shared.contracts.facts import MEMBER_MERGED, MEMBER_UNMERGED, MergeData, UnmergeData
from shared.contracts.identities import read_identity
from shared.merges import Merge, find_head, load_group, load_merges, lock_merges, put_merges
from shared.postgres import Connection
from shared.topics import MEMBERS
from shared.transaction import Transaction


async def merge(tx: Transaction, *, community: str, stays_id: str, merged_id: str, is_trial: bool) -> Merging:
    """Have two members be one from now on, or say what that would be; whoever they are merged into is meant.

    Raises UnknownMemberError, SameMemberError and TooManyMergesError.
    """
    # 1. Merges of the community wait for one another: what is read from here on stays so.
    await lock_merges(tx.conn, communities=[community])
    stays, other = [
        await _head(tx.conn, community=community, member_id=member_id) for member_id in (stays_id, merged_id)
    ]
    check_room(stays, other)
    key = MemberKey(community, other.member_id)
    known = (await load_merges(tx.conn, keys=[key])).get(key)
    fact = merged(known, key=key, into_id=stays.member_id, now=tx.now)
    done = await _merging(
        tx.conn,
        stays=stays._replace(merged_ids=tuple(sorted({*stays.merged_ids, other.member_id, *other.merged_ids}))),
        other=other._replace(merged_into=stays.member_id),
    )
    if is_trial:
        tx.did_nothing()
        return done
    # 2. It is so, and told.
    await put_merges(tx.conn, merges=[fact])
    group = await load_group(tx.conn, community=community, head_id=stays.member_id)
    await count_anew(tx, community=community, member_ids=group)
    _tell(tx, fact)
    after = {"merged_id": other.member_id, "merged_with_count": len(other.merged_ids)}
    tx.did(Did("member.merge", "member", stays.member_id, stays.member_id, after=after))
    MEMBERS_MERGED.labels("merged").inc()
    return done


async def unmerge(tx: Transaction, *, community: str, stays_id: str, named: str, is_trial: bool) -> Merging:
    """Have a member be by itself again, with who was merged into it, or say what that would be.

    `named` is an id or an identity of whoever leaves. Raises UnknownMemberError and UnknownIdentityError, and
    NotMergedError when it does not belong to `stays_id`.
    """
    await lock_merges(tx.conn, communities=[community])
    stays = await _head(tx.conn, community=community, member_id=stays_id)
    key = MemberKey(community, await _find_own(tx, community=community, named=named))
    group = await load_group(tx.conn, community=community, head_id=stays.member_id)
    lasting = {
        known.member_id: known
        for known in (await load_merges(tx.conn, keys=[MemberKey(community, one) for one in group])).values()
        if known.lasts
    }
    if key.member_id not in lasting:
        raise NotMergedError(key.member_id, stays.member_id)
    left = leaving(lasting.values(), key.member_id)
    other = (await members_store.load_members(tx.conn, keys=[key]))[key]
    done = await _merging(
        tx.conn,
        stays=stays._replace(merged_ids=tuple(sorted({*stays.merged_ids} - {key.member_id, *left}))),
        other=other._replace(merged_into=None, merged_ids=left),
    )
    if is_trial:
        tx.did_nothing()
        return done
    fact = unmerged(lasting[key.member_id], now=tx.now)
    await put_merges(tx.conn, merges=[fact])
    await count_anew(tx, community=community, member_ids=group)
    _tell(tx, fact)
    after = {"unmerged_id": key.member_id, "unmerged_with_count": len(left)}
    tx.did(Did("member.unmerge", "member", stays.member_id, stays.member_id, after=after))
    MEMBERS_MERGED.labels("unmerged").inc()
    return done


async def _head(conn: Connection, *, community: str, member_id: str) -> Member:
    head_id = await find_head(conn, community=community, member_id=member_id)
    found = await members_store.find_member(conn, key=MemberKey(community, head_id))
    if found is None:
        raise UnknownMemberError(head_id)
    return found


async def _find_own(tx: Transaction, *, community: str, named: str) -> str:
    """The member that an id or an identity is of by itself, whomever it is merged into."""
    if ":" not in named:
        return named
    found = await find_own(tx.conn, tx.settings, community=community, identity=read_identity(named))
    if found is None:
        raise UnknownIdentityError(named)
    return found


async def _merging(conn: Connection, *, stays: Member, other: Member) -> Merging:
    keys = [MemberKey(one.community, one.member_id) for one in (stays, other)]
    dated = await members_store.load_dated(conn, keys=keys)
    first, second = (dated.get(key, []) for key in keys)
    return Merging(stays, other, differences(stays, other, first, second))


def _tell(tx: Transaction, merge: Merge) -> None:
    data: MergeData = {
        "member_id": merge.member_id,
        "into_id": merge.into_id,
        "merged_at": merge.merged_at,
        "revision": merge.revision,
    }
    if merge.spells:
        data["earlier"] = [
            {"into_id": one.into_id, "merged_at": one.merged_at, "unmerged_at": one.unmerged_at}
            for one in merge.spells
        ]
    subject = f"{merge.member_id}/merge"
    fact_id = f"{subject}/{merge.revision}"
    if merge.unmerged_at is None:
        tx.tell(MEMBERS, MEMBER_MERGED, fact_id=fact_id, community=merge.community, subject=subject, data=data)
        return
    ended: UnmergeData = {**data, "unmerged_at": merge.unmerged_at}
    tx.tell(MEMBERS, MEMBER_UNMERGED, fact_id=fact_id, community=merge.community, subject=subject, data=ended)
