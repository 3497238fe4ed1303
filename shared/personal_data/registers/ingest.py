"""What ingest holds of members, table by table."""

from dataclasses import replace
from typing import Final

from shared.personal_data.kinds import Erased, Held
from shared.personal_data.registers.common import LEVELS, PEOPLE, SHARED

_OF_RECIPIENTS: Final = """recipient_id::text in (
    select i.identity from identities i
    where i.community = $1 and i.member_id = any($2::uuid[]) and i.channel = 'import' and i.host = '')"""
_OF_KUDOS: Final = """event_uid in (
    select k.event_uid from kudos k
    where k.community = $1 and (k.giver_id = any($2::uuid[]) or k.receiver_id = any($2::uuid[])))"""

_OF_IDEAS: Final = """idea_id in (
    select i.idea_id from ideas i where i.community = $1 and i.author_id = any($2::uuid[]))"""

HELD: Final = (
    Held(
        "members",
        personal="name",
        others=(
            "community member_id channel first_seen_at revision bot_by name_by name_at is_person "
            "staff_by departed_by hidden_by off_boards_wish earns ranks erased_at is_proven"
        ),
        order="community member_id",
        erased=Erased.BLANKED,
        says="Name, and what they are in the community",
    ),
    LEVELS,
    Held(
        "alike_keys",
        personal="what",
        others="community reason member_id is_shared",
        order="community reason what",
        erased=Erased.DELETED,
        says="What they are called, known by and reached at, to find who may be the same person",
    ),
    Held(
        "identities",
        personal="identity host email_hash subject_hash",
        others="community channel member_id email_verified joined_by",
        order="community channel identity host",
        erased=Erased.DELETED,
        says="Who they are on each channel",
    ),
    Held(
        "told_identities",
        personal="identity_hash",
        others="community channel member_id",
        order="community identity_hash",
        erased=Erased.DELETED,
        says="Hashes of identities, after a restore",
    ),
    Held(
        "erased_identities",
        personal="identity_hash",
        others="community channel member_id",
        order="community identity_hash",
        erased=Erased.STAYS,
        says="Hashes by which nothing of theirs is taken",
    ),
    Held(
        "erasures",
        personal="",
        others="community member_id erased_at forfeits deleted looked_at done_at",
        order="community member_id",
        erased=Erased.STAYS,
        says="That they were erased",
    ),
    Held(
        "dated_facts",
        personal="value source",
        others="community member_id kind name since travels said_at",
        order="community member_id kind name since said_at",
        erased=Erased.DELETED,
        says="Attributes, consents, time zone, language, opt-outs",
    ),
    Held(
        "texts",
        personal="sealed measures",
        others="community event_uid member_id event_type received_at key_id model",
        order="community event_uid",
        erased=Erased.DELETED,
        says="What they wrote, sealed",
        hidden="sealed",
    ),
    Held(
        "message_addresses",
        personal="sealed address_hash",
        others="community member_id address_id key_id state said_at",
        order="community member_id",
        erased=Erased.DELETED,
        says="Where they are reached by mail, sealed",
        hidden="sealed",
    ),
    Held(
        "message_recipients",
        personal="sealed address_hash",
        others="community recipient_id key_id state language kept_until",
        order="community recipient_id",
        erased=Erased.DELETED,
        says="Where they were written to before they were members, sealed",
        whose=_OF_RECIPIENTS,
        hidden="sealed",
    ),
    Held(
        "message_wishes",
        personal="without pace quiet_begins quiet_ends",
        others="community member_id",
        order="community member_id",
        erased=Erased.DELETED,
        says="What they want to be written to of, and when",
    ),
    Held(
        "messages",
        personal="values said",
        others=(
            "community message_id request_id channel kind member_id recipient_id language state requested_at "
            "due_at expires_at in_digest tries_count claimed_at settled_at why with_id"
        ),
        order="community message_id",
        erased=Erased.DELETED,
        says="What they were written to of, and what became of it",
    ),
    Held(
        "refused_events",
        personal="sealed stands",
        others=(
            "community refused_id cause receipt_id receipt_index event_uid event_type member_id received_at "
            "size_bytes key_id looked_at replayed_at replayed_as"
        ),
        order="community refused_id",
        erased=Erased.DELETED,
        says="Events of theirs that were refused, sealed",
        hidden="sealed stands",
    ),
    Held(
        "reactables",
        personal="",
        others="community celebration_id member_id celebrated_at",
        order="community celebration_id",
        erased=Erased.DELETED,
        says="Celebrations of theirs that others may react to",
    ),
    Held(
        "reactions",
        personal="",
        others="community celebration_id member_id act is_given changes",
        order="community celebration_id member_id act",
        erased=Erased.DELETED,
        says="Celebrations that they saw or reacted to",
    ),
    Held(
        "kudos",
        personal="",
        others=(
            "community event_uid giver_id receiver_id value given_at month is_given_here channel host "
            "object_id is_listed is_taken_back said_at case_state case_revision is_shown"
        ),
        order="community event_uid",
        erased=Erased.DELETED,
        says="Thanks that they gave and got",
        whose=_OF_KUDOS,
    ),
    Held(
        "ideas",
        personal="",
        others=(
            "community idea_id event_uid author_id made_at made_on state joined_to moves_count moved_at "
            "votes_count is_stale is_listed is_taken_back said_at case_state case_revision is_shown answer_uid"
        ),
        order="community idea_id",
        erased=Erased.DELETED,
        says="What they suggested",
        whose="author_id = any($2::uuid[])",
    ),
    Held(
        "idea_votes",
        personal="",
        others="community idea_id member_id number event_uid is_given voted_at voted_on",
        order="community idea_id member_id",
        erased=Erased.DELETED,
        says="What they voted for",
    ),
    Held(
        "idea_moves",
        personal="note",
        others="community idea_id number state joined_to moved_at told_after is_told",
        order="community idea_id number",
        erased=Erased.DELETED,
        says="How suggestions of theirs went on",
        whose=_OF_IDEAS,
    ),
    Held(
        "nominations",
        personal="",
        others=(
            "community nomination_id round_id nominee_id nominator_id event_uid made_at said votes_count place "
            "has_won is_listed case_state case_revision is_shown"
        ),
        order="community nomination_id",
        erased=Erased.DELETED,
        says="Nominations of theirs, and those that they made",
        whose="(t.nominee_id = any($2::uuid[]) or t.nominator_id = any($2::uuid[]))",
    ),
    Held(
        "nomination_votes",
        personal="",
        others="community round_id member_id nomination_id number voted_at",
        order="community round_id member_id",
        erased=Erased.DELETED,
        says="Whom they voted for",
    ),
    Held(
        "survey_invitations",
        personal="score choice",
        others=(
            "community invitation_id survey_id programme_version member_id trigger asked_at closes_at "
            "answered_on answers_count words_uid"
        ),
        order="community invitation_id",
        erased=Erased.DELETED,
        says="What surveys asked them, and what they answered by name",
    ),
    Held(
        "survey_triggers",
        personal="",
        others="community survey_id member_id event_uid happened_at",
        order="community survey_id member_id",
        erased=Erased.DELETED,
        says="Events after which a survey is to ask them",
    ),
    Held(
        "followed_audiences",
        personal="",
        others="community audience_id member_id revision is_in since",
        order="community audience_id member_id",
        erased=Erased.DELETED,
        says="In which audiences they are",
    ),
    Held(
        "suspensions",
        personal="",
        others="community suspension_id member_id revision stands starts_at ends_at",
        order="suspension_id community",
        erased=Erased.STAYS,
        says="When they were suspended",
    ),
    Held(
        "check_ins",
        personal="",
        others="community occasion_id member_id checked_in_at",
        order="community occasion_id member_id",
        erased=Erased.DELETED,
        says="Where they were in person",
    ),
    Held(
        "sign_in_links",
        personal="",
        others="secret_sha256 community person_id member_id issued_by created_at expires_at used_at",
        order="secret_sha256",
        erased=Erased.DELETED,
        says="Links to sign in",
        hidden="secret_sha256",
    ),
    Held(
        "sign_in_renewals",
        personal="",
        others="secret_sha256 community person_id member_id created_at expires_at",
        order="secret_sha256",
        erased=Erased.DELETED,
        says="Sign-ins that can be renewed",
        hidden="secret_sha256",
    ),
    *SHARED,
    replace(PEOPLE, others=f"{PEOPLE.others} signed_with"),
)
