"""An identity becomes that of whoever proves that it is theirs."""

from services.ingest.access.providers.domain import Subject
from services.ingest.access.ties.domain import subject_hash
from services.ingest.members.domain import DifferentMembersError, Email, Member, Proven, ProvenBy
from services.ingest.members.handlers.declaring import declare_identities
from services.ingest.members.store import identities as identities_store
from services.ingest.settings import Settings
from shared.contracts.identities import NamedIdentity
from shared.transaction import Transaction


async def link_to_member(
    tx: Transaction[Settings], *, community: str, identity: NamedIdentity, email: Email | None, member_id: str
) -> Member:
    """Make an identity that of a member who signed in. Raises DifferentMembersError where it is another's."""
    proven = Proven(ProvenBy.TOKEN, member_id)
    return await declare_identities(
        tx, community=community, identities={identity: email}, name=None, proven=proven
    )


async def link_by_subject(
    tx: Transaction[Settings], *, community: str, identity: NamedIdentity, email: Email | None, subject: Subject
) -> Member:
    """Make an identity that of the member who has another one of the same subject, or note the subject with it.

    Raises DifferentMembersError where it is another's, or several have the subject.
    """
    hashed = subject_hash(
        tx.settings.identity_key_bytes, community=community, issuer=subject.issuer, subject=subject.subject
    )
    # Two of one subject at once wait for each other, or each would make a member.
    await identities_store.lock_subject(tx.conn, community=community, subject_hash=hashed)
    owners = await identities_store.find_owners_by_subject(tx.conn, community=community, subject_hash=hashed)
    if len(owners) > 1:
        raise DifferentMembersError(owners)
    proven = Proven(ProvenBy.SUBJECT, owners[0] if owners else None, hashed)
    return await declare_identities(
        tx, community=community, identities={identity: email}, name=None, proven=proven
    )
