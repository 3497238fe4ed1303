"""What several services hold of members."""

from typing import Final

from shared.personal_data.kinds import Erased, Held

#: Of services that follow which levels members have.
LEVELS: Final = Held(
    "level_grants",
    personal="",
    others="community grant_id member_id level_id stands",
    order="community grant_id",
    erased=Erased.STAYS,
    says="Levels that they have",
)
#: What each service has beside its own: shared/migrations.
SHARED: Final = (
    Held(
        "followed_members",
        personal="name",
        others="community member_id revision bot off_boards is_erased",
        order="community member_id",
        erased=Erased.BLANKED,
        says="The name to show",
    ),
    Held(
        "followed_identities",
        personal="identity_hash",
        others="community member_id revision",
        order="community identity_hash member_id",
        erased=Erased.DELETED,
        says="Hashes of identities",
    ),
    Held(
        "merges",
        personal="",
        others="community member_id revision into_id merged_at unmerged_at spells head_id",
        order="community member_id",
        erased=Erased.STAYS,
        says="Who is merged into whom, by ids that are nobody's",
    ),
    Held(
        "audit_entries",
        personal="",
        others=(
            "audit_id at community kind command person_id credential object_kind object_id "
            "member_id before after traceparent"
        ),
        order="audit_id",
        erased=Erased.STAYS,
        says="What was commanded about them, and who read of them",
    ),
)
PEOPLE: Final = Held(
    "followed_people",
    personal="members",
    others="community person_id revision name kind disabled roles unbound_count",
    order="community person_id",
    erased=Erased.BLANKED,
    says="Who acts here that they are, and by which roles",
    whose="members && $2::uuid[]",
)
