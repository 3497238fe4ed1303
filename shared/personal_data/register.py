"""The register of personal data: what every table and fact holds of members, and what an erasure does with it.

Exports go by it, and a test compares it with the databases and the contracts: what is new is here, or fails.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from shared.personal_data.kinds import Erased, Held

_OF_WORDS = """word_id in (
    select w.word_id from guideline_words w
    where w.community = $1 and (w.member_id = any($2::uuid[]) or w.by_member = any($2::uuid[])))"""
_OF_KUDOS: Final = """event_uid in (
    select k.event_uid from kudos k
    where k.community = $1 and (k.giver_id = any($2::uuid[]) or k.receiver_id = any($2::uuid[])))"""
_OF_INVITATIONS: Final = """invitation_id in (
    select q.invitation_id from survey_asked q where q.community = $1 and q.member_id = any($2::uuid[]))"""
_OF_QUESTIONS: Final = """question_uid in (
    select q.question_uid from response_questions q
    where q.community = $1 and (q.asker_id = any($2::uuid[]) or q.answerer_id = any($2::uuid[])))"""
_OF_ACCOUNTS: Final = (
    "account_id in (select account_id from accounts where community = $1 and owner = any($2::uuid[]))"
)
_OF_REDEMPTIONS: Final = (
    "redemption_id in (select redemption_id from redemptions where community = $1 and member_id = any($2::uuid[]))"
)
_OF_PAYOUTS: Final = (
    "payout_id in (select payout_id from payouts where community = $1 and member_id = any($2::uuid[]))"
)


#: Of services that follow which levels members have.
_LEVELS: Final = Held(
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
_PEOPLE: Final = Held(
    "followed_people",
    personal="members",
    others="community person_id revision name kind disabled roles unbound_count",
    order="community person_id",
    erased=Erased.BLANKED,
    says="Who acts here that they are, and by which roles",
    whose="members && $2::uuid[]",
)
#: What each service holds of members.
HELD: Final[Mapping[str, tuple[Held, ...]]] = {
    "ingest": (
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
        _LEVELS,
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
            "survey_invitations",
            personal="score choice",
            others=(
                "community invitation_id survey_id programme_version member_id trigger asked_at closes_at "
                "answered_on answers_count"
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
        replace(_PEOPLE, others=f"{_PEOPLE.others} signed_with"),
    ),
    "scoring": (
        Held(
            "audience_members",
            personal="",
            others="community audience_id member_id revision is_in since known_at programme_version met",
            order="community audience_id member_id",
            erased=Erased.DELETED,
            says="In which audiences they are",
        ),
        Held(
            "audience_changes",
            personal="",
            others="community member_id audience_id revision is_in since known_at programme_version met",
            order="member_id audience_id revision community",
            erased=Erased.DELETED,
            says="Which audiences they entered and left",
        ),
        Held(
            "audience_due",
            personal="",
            others="community member_id due_at",
            order="community member_id",
            erased=Erased.DELETED,
            says="When it is looked at anew in which audiences they are",
        ),
        Held(
            "quality_contents",
            personal="",
            others=(
                "content_id community channel host object_id author_id made_uid made_at made_type week month "
                "is_gone outcomes weighed plus total last_at told_at quality"
            ),
            order="content_id",
            erased=Erased.STAYS,
            says="What they made, by its ids, and how good others found it",
            whose="author_id = any($2::uuid[])",
        ),
        Held(
            "quality_judgements",
            personal="",
            others=(
                "community event_uid content_id judge_id author_id event_time period kind percent_up kind_percent "
                "trust why is_retracted turn plus total"
            ),
            order="event_uid community",
            erased=Erased.STAYS,
            says="What they made of others' content",
            whose="judge_id = any($2::uuid[])",
        ),
        Held(
            "quality_pairs",
            personal="",
            others="community judge_id author_id likes changed_at",
            order="judge_id author_id community",
            erased=Erased.STAYS,
            says="How much they found of whom good",
            whose="judge_id = any($2::uuid[])",
        ),
        Held(
            "quality_pairs_due",
            personal="",
            others="community judge_id author_id restates",
            order="community judge_id author_id",
            erased=Erased.STAYS,
            says="Whose judgements are weighed anew",
            whose="judge_id = any($2::uuid[])",
        ),
        Held(
            "quality_trust",
            personal="",
            others="community member_id trust is_seed",
            order="community member_id",
            erased=Erased.DELETED,
            says="How far they are trusted to judge",
        ),
        Held(
            "quality_members",
            personal="",
            others="community member_id is_staff is_bot first_seen_at revision",
            order="community member_id",
            erased=Erased.DELETED,
            says="Since when they are known, and whether they are staff",
        ),
        _LEVELS,
        Held(
            "event_topics",
            personal="",
            others="community member_id topic day event_uid",
            order="event_uid topic community",
            erased=Erased.DELETED,
            says="What they did was about",
        ),
        Held(
            "member_attributes",
            personal="value",
            others="community member_id name since said_at",
            order="member_id name since said_at community",
            erased=Erased.DELETED,
            says="Attributes that rules read",
        ),
        Held(
            "attributes_read",
            personal="value",
            others="community event_uid rule_id name member_id since",
            order="event_uid rule_id name member_id community",
            erased=Erased.BLANKED,
            says="What rules read of them",
        ),
        Held(
            "awards",
            personal="",
            others=(
                "community event_uid award_id member_id points rule_id slot programme_id "
                "programme_version event_type event_time received_at recorded_at amends day week "
                "revision cause total score available_at expires_at"
            ),
            order="award_id community",
            erased=Erased.STAYS,
            says="Points that rules gave",
        ),
        Held(
            "prizes",
            personal="",
            others="community grant_id member_id rule_id wanted points cut event_time day is_reversed",
            order="community grant_id",
            erased=Erased.STAYS,
            says="Points that came with badges, levels and quests",
        ),
        Held(
            "claims",
            personal="",
            others=(
                "community award_id member_id limited_id event_uid event_id event_type event_time received_at "
                "day week rule_id slot programme_id programme_version weight is_actors grace_seconds "
                "is_heaviest_first window_1 window_2 window_3 window_4 bound_1 bound_2 bound_3 "
                "bound_4 state is_counted is_settled room told revision grace_count corrected_on is_shared "
                "cooldown_seconds shares floor takes summed cut is_backfill score available_at expires_at "
                "campaign ceiling ceiling_by void withheld"
            ),
            order="award_id community",
            erased=Erased.STAYS,
            says="Points under limits",
            hidden="window_1 window_2 window_3 window_4",
        ),
        Held(
            "manual_awards",
            personal="",
            others=(
                "community manual_id member_id points reason title programme_id programme_version state award_id "
                "asked_at asked_by asked_by_person asked_by_credential decided_at decided_by decided_by_person "
                "decided_by_credential given_at reversed_at reversed_by reversed_by_person reversed_by_credential "
                "reversal_asked_at reversal_asked_by reversal_asked_by_person reversal_asked_by_credential"
            ),
            order="community manual_id",
            erased=Erased.STAYS,
            says="Points that people gave or took by hand",
            # Who gave them is theirs, and not the member's.
            hidden=(
                "asked_by asked_by_person asked_by_credential decided_by decided_by_person decided_by_credential "
                "reversed_by reversed_by_person reversed_by_credential "
                "reversal_asked_at reversal_asked_by reversal_asked_by_person reversal_asked_by_credential"
            ),
        ),
        Held(
            "signal_acts",
            personal="",
            others=(
                "community award_id member_id giver_id window_no day event_uid event_time points is_taken_back "
                "withheld"
            ),
            order="award_id community",
            erased=Erased.STAYS,
            says="What others gave them, by ids that are nobody's",
            # Who gave it is the giver's.
            hidden="giver_id",
        ),
        Held(
            "signal_totals",
            personal="",
            others="community window_no member_id given received",
            order="community window_no member_id",
            erased=Erased.STAYS,
            says="What they gave and received within 30 days, in all",
        ),
        Held(
            "signal_looks",
            personal="",
            others="community window_no member_id turn is_spread",
            order="community window_no member_id",
            erased=Erased.STAYS,
            says="That it is to be looked at who gave them points",
        ),
        Held(
            "signal_cases",
            personal="",
            others=(
                "community case_id member_id window_no state revision score_percent found is_all givers others "
                "held_points held_awards programme_version opened_at changed_at asked_at asked_by asked_by_person "
                "asked_by_credential decided_at decided_by decided_by_person decided_by_credential reason note"
            ),
            order="community case_id",
            erased=Erased.STAYS,
            says="Points that were held, and what became of them",
            # Others are meant by what was found, and who decided is theirs.
            hidden=(
                "found givers others asked_by asked_by_person asked_by_credential decided_by decided_by_person "
                "decided_by_credential note"
            ),
        ),
        Held(
            "member_links",
            personal="",
            others="community member_id revision account_id members_count is_payer",
            order="community member_id",
            erased=Erased.STAYS,
            says="How many are paid to the same account",
            hidden="account_id",
        ),
        Held(
            "voids",
            personal="",
            others=(
                "community void_id why case_id content_id member_id starts_at ends_at is_standing revision "
                "changed_at swept_to is_swept judged_id"
            ),
            order="void_id community",
            erased=Erased.STAYS,
            says="What earns them nothing: contents that a report was upheld of, and suspensions",
        ),
        Held(
            "voided_awards",
            personal="",
            others="community award_id void_id why member_id event_uid event_time",
            order="award_id community void_id",
            erased=Erased.STAYS,
            says="Which of their awards that reverses",
        ),
        Held(
            "guideline_cases",
            personal="",
            others=(
                "community case_id channel host object_id member_id state revision category report_count "
                "opened_at due_at decided_at is_due"
            ),
            order="case_id community",
            erased=Erased.STAYS,
            says="What was reported of what they made, and what became of it",
        ),
        Held(
            "guideline_words",
            personal="note",
            others=(
                "community word_id kind ref about said_at said_id by_member by_person by_name by_credential "
                "member_id channel host object_id outcome category reason ends_at programme_version repeat_count "
                "penalty_points suspended_days appeal_until is_retracted"
            ),
            order="word_id community",
            erased=Erased.BLANKED,
            says="What was said in these cases",
            # Who reported and who decided are theirs; a note is for who moderates.
            hidden="by_member by_person by_name by_credential note",
            # What was said of what they made, and by them.
            whose=_OF_WORDS,
        ),
        Held(
            "guideline_acceptances",
            personal="",
            others="community member_id version accepted_at",
            order="community member_id version",
            erased=Erased.DELETED,
            says="Which guidelines they accepted",
        ),
        Held(
            "limited_members",
            personal="",
            others="community member_id",
            order="member_id community",
            erased=Erased.STAYS,
            says="That limits hold for them",
        ),
        *SHARED,
        _PEOPLE,
    ),
    "recognition": (
        Held(
            "followed_audiences",
            personal="",
            others="community audience_id member_id revision is_in since",
            order="community audience_id member_id",
            erased=Erased.DELETED,
            says="In which audiences they are",
        ),
        Held(
            "members",
            personal="",
            others=(
                "community member_id points awards_by_rule standing last_award_id version magnitude scores "
                "granted_points"
            ),
            order="community member_id",
            erased=Erased.STAYS,
            says="Points, badges and levels that they hold",
        ),
        Held(
            "own_totals",
            personal="",
            others="community member_id points awards_by_rule last_award_id scores granted_points",
            order="community member_id",
            erased=Erased.STAYS,
            says="What is their own of a person of several members",
        ),
        Held(
            "own_counts",
            personal="",
            others="community member_id counts turns last_event_uid",
            order="community member_id",
            erased=Erased.STAYS,
            says="What is their own of a person's counted events",
        ),
        Held(
            "own_board_points",
            personal="",
            others="community period starts_on member_id points",
            order="member_id starts_on period community",
            erased=Erased.STAYS,
            says="What is their own of a person's weeks and months",
        ),
        Held(
            "board_scores",
            personal="",
            others="board_no starts_on member_id community points reached_at is_shown",
            order="member_id board_no starts_on",
            erased=Erased.STAYS,
            says="Points of boards",
        ),
        Held(
            "own_board_scores",
            personal="",
            others="board_no starts_on member_id community points reached_at",
            order="member_id board_no starts_on",
            erased=Erased.STAYS,
            says="What is their own of a person's boards",
        ),
        Held(
            "board_results",
            personal="",
            others="community board_id starts_on place member_id rank points reached_at",
            order="community board_id starts_on place",
            erased=Erased.STAYS,
            says="Places in results of boards",
        ),
        Held(
            "board_prizes",
            personal="",
            others=(
                "community prize_id board_id board_title starts_on ends_on member_id prize title rank points "
                "won_at programme_version"
            ),
            order="prize_id community",
            erased=Erased.STAYS,
            says="Prizes that they won on boards",
        ),
        Held(
            "suspensions",
            personal="",
            others="community suspension_id member_id revision stands starts_at ends_at is_applied",
            order="suspension_id community",
            erased=Erased.STAYS,
            says="When they were suspended",
        ),
        Held(
            "board_points",
            personal="",
            others="community period starts_on member_id points magnitude",
            order="member_id starts_on period community",
            erased=Erased.STAYS,
            says="Points of weeks and months",
        ),
        Held(
            "counting_members",
            personal="",
            others="community member_id counts standing turns last_event_uid version",
            order="community member_id",
            erased=Erased.STAYS,
            says="Events that badges count",
        ),
        Held(
            "grants",
            personal="",
            others=(
                "community grant_id member_id kind name title award_id event_time programme_version "
                "reverses granted_at event_uid by_hand edition met"
            ),
            order="grant_id community",
            erased=Erased.STAYS,
            says="Badges and levels granted and taken back",
        ),
        Held(
            "badge_gifts",
            personal="citation reason",
            others=(
                "community grant_id member_id badge given_at given_by_person given_by taken_back_at "
                "taken_back_by_person taken_back_by"
            ),
            order="community grant_id",
            erased=Erased.BLANKED,
            says="Badges that somebody gave them by hand, and what for in words",
        ),
        Held(
            "badge_withheld",
            personal="reason",
            others="community member_id badge since by_person by_name",
            order="community member_id badge",
            erased=Erased.BLANKED,
            says="Badges that somebody took from them, and why in words",
        ),
        Held(
            "badge_members",
            personal="",
            others="community member_id standing turns",
            order="community member_id",
            erased=Erased.STAYS,
            says="Badges for several things that they hold",
        ),
        Held(
            "badge_due",
            personal="",
            others="community member_id event_time day is_backfill",
            order="community member_id",
            erased=Erased.STAYS,
            says="That it is looked at anew which badges they hold",
        ),
        Held(
            "badge_editions",
            personal="",
            others="community badge number member_id given_at",
            order="community badge number",
            erased=Erased.STAYS,
            says="Their numbers of limited badges",
        ),
        Held(
            "badge_waiting",
            personal="",
            others="community badge member_id since",
            order="community badge member_id",
            erased=Erased.STAYS,
            says="Limited badges that they wait for",
        ),
        Held(
            "deeds",
            personal="",
            others="community member_id counter event_uid event_time day",
            order="member_id counter event_uid community",
            erased=Erased.STAYS,
            says="What they did that quests go by, and when",
        ),
        Held(
            "quest_due",
            personal="",
            others="community member_id event_time day is_backfill",
            order="community member_id",
            erased=Erased.STAYS,
            says="That it is looked at anew which quests they completed",
        ),
        Held(
            "quest_joins",
            personal="",
            others="community quest member_id joined_at left_at team_id",
            order="community member_id quest joined_at",
            erased=Erased.STAYS,
            says="Quests and teams that they joined",
        ),
        Held(
            "quest_teams",
            personal="name",
            others="community team_id quest made_by made_at",
            order="community team_id",
            erased=Erased.BLANKED,
            says="Teams of quests that they made, and what they called them",
            whose="made_by = any($2::uuid[])",
        ),
        Held(
            "quest_members",
            personal="",
            others="community member_id standing turns",
            order="community member_id",
            erased=Erased.STAYS,
            says="Quests that they completed",
        ),
        Held(
            "cards",
            personal="",
            others="community member_id",
            order="member_id community",
            erased=Erased.DELETED,
            says="That they want a card that everybody may see",
        ),
        Held(
            "credentials",
            personal="",
            others=(
                "community credential_id grant_id member_id badge tier title salt list_no list_index issued_at "
                "revoked_at"
            ),
            order="community credential_id",
            erased=Erased.STAYS,
            says="Badges that they took away; an erasure revokes them",
        ),
        Held(
            "celebrations",
            personal="",
            others=(
                "community celebration_id member_id kind name tier number together title event_time day event_uid "
                "award_id grant_id programme_version celebrated_at stands is_twin"
            ),
            order="community celebration_id",
            erased=Erased.DELETED,
            says="What was celebrated of them: milestones, badges and levels",
        ),
        Held(
            "celebration_reactions",
            personal="",
            others="community event_uid celebration_id member_id reaction",
            order="community event_uid",
            erased=Erased.DELETED,
            says="Celebrations that they saw or reacted to",
        ),
        Held(
            "anniversaries",
            personal="",
            others="community member_id firsts due_at",
            order="community member_id",
            erased=Erased.DELETED,
            says="Since when they have years to celebrate",
        ),
        Held(
            "nudges",
            personal="",
            others=(
                "community nudge_id nudge kind title member_id cause_id held_out decided_at event_uid "
                "celebration_id programme_version"
            ),
            order="community nudge_id",
            erased=Erased.DELETED,
            says="Nudges that they got, and those of which they are held out to tell what these do",
        ),
        Held(
            "nudge_prompts",
            personal="",
            others="community nudge cause_id member_id event_uid celebration_id due_at",
            order="community nudge cause_id",
            erased=Erased.DELETED,
            says="What it is yet to be decided of whether they get a nudge",
        ),
        Held(
            "nudge_members",
            personal="",
            others="community member_id told_at first_event_uid first_is_new is_unwanted",
            order="community member_id",
            erased=Erased.DELETED,
            says="Whether they are new, left or want no messages",
        ),
        Held(
            "nudge_answers",
            personal="",
            others="community thing_id event_uid member_id answered_at",
            order="community thing_id event_uid",
            erased=Erased.DELETED,
            says="What they answered lately",
        ),
        Held(
            "nudge_interests",
            personal="",
            others="community topic member_id answers last_at",
            order="community topic member_id",
            erased=Erased.DELETED,
            says="In which topics they answered, and how often",
        ),
        Held(
            "acts",
            personal="",
            others="community member_id counter slot events",
            order="member_id counter slot community",
            erased=Erased.STAYS,
            says="When they did what streaks and anniversaries go by",
        ),
        Held(
            "withheld_counts",
            personal="",
            others="community member_id event_uid counter happened_at",
            order="event_uid member_id counter community",
            erased=Erased.STAYS,
            says="What they did while they were suspended, which counts for no badge",
        ),
        Held(
            "member_zones",
            personal="zone",
            others="community member_id said_at",
            order="member_id said_at zone community",
            erased=Erased.DELETED,
            says="In which time zones they live",
        ),
        Held(
            "tallies",
            personal="",
            others="community member_id counter slot what events",
            order="member_id counter slot what community",
            erased=Erased.STAYS,
            says="When and how often they did what levels count",
        ),
        Held(
            "level_due",
            personal="",
            others="community member_id due_at is_backfill was_near",
            order="community member_id",
            erased=Erased.STAYS,
            says="When it is looked at anew which levels they have",
        ),
        Held(
            "level_known",
            personal="",
            others="community member_id since",
            order="community member_id",
            erased=Erased.DELETED,
            says="Since when they are known",
        ),
        Held(
            "level_members",
            personal="",
            others="community member_id standing since turns",
            order="community member_id",
            erased=Erased.STAYS,
            says="Levels that they have by what they did",
        ),
        Held(
            "level_locks",
            personal="reason unlock_reason",
            others=(
                "community lock_id member_id level locked_at locked_by_person locked_by unlocked_at "
                "unlocked_by_person unlocked_by"
            ),
            order="community lock_id",
            erased=Erased.BLANKED,
            says="Levels that somebody fixed for them, and why in words",
        ),
        Held(
            "streak_freezes",
            personal="reason",
            others="community freeze_id member_id streak given_at given_by_person given_by",
            order="community freeze_id",
            erased=Erased.BLANKED,
            says="Freezes of streaks that somebody gave them, and why in words",
        ),
        *SHARED,
        _PEOPLE,
    ),
    "rewards": (
        _LEVELS,
        Held(
            "followed_audiences",
            personal="",
            others="community audience_id member_id revision is_in since",
            order="community audience_id member_id",
            erased=Erased.DELETED,
            says="In which audiences they are",
        ),
        Held(
            "accounts",
            personal="",
            others="community account_id owner kind currency",
            order="community account_id",
            erased=Erased.STAYS,
            says="Accounts of the ledger",
            whose="owner = any($2::uuid[])",
        ),
        Held(
            "balances",
            personal="",
            others="community account_id amount",
            order="account_id community",
            erased=Erased.STAYS,
            says="What is on each account",
            whose=_OF_ACCOUNTS,
        ),
        Held(
            "entries",
            personal="",
            others="community account_id recorded_at transfer_id amount currency",
            order="account_id recorded_at transfer_id community",
            erased=Erased.STAYS,
            says="What came and went on each account",
            whose=_OF_ACCOUNTS,
        ),
        Held(
            "lots",
            personal="",
            others=(
                "community award_id member_id points remaining earned_at expires_at pending_until "
                "owed expired lacking had_grace"
            ),
            order="award_id community",
            erased=Erased.STAYS,
            says="Points of each award that are left",
        ),
        Held(
            "member_links",
            personal="",
            others="community member_id revision account_id members_count is_payer",
            order="community member_id",
            erased=Erased.STAYS,
            says="How many are paid to the same account",
            hidden="account_id",
        ),
        Held(
            "payee_changes",
            personal="name iban bic",
            others="community member_id revision changed_at changed_by changed_by_person",
            order="community member_id revision",
            erased=Erased.DELETED,
            says="Bank details, and all that they were",
        ),
        Held(
            "payouts",
            personal="payee_name iban bic",
            others=(
                "community payout_id run_id member_id state points amount_minor currency "
                "end_to_end_id reason created_at changed_at payee_revision payee_changed_at "
                "payee_changed_by payee_changed_by_person computed_points computed_minor"
            ),
            order="community payout_id",
            erased=Erased.STAYS,
            says="Payouts, with name and account as they were paid: the books",
        ),
        Held(
            "payout_changes",
            personal="",
            others=(
                "community payout_id state changed_at changed_by reason changed_by_person outcome_id "
                "proposed_by_person"
            ),
            order="community payout_id state",
            erased=Erased.STAYS,
            says="Which states payouts went through",
            whose=_OF_PAYOUTS,
        ),
        Held(
            "payout_run_members",
            personal="",
            others="community run_id place member_id",
            order="community run_id place",
            erased=Erased.STAYS,
            says="Runs that considered them",
        ),
        Held(
            "gifts",
            personal="",
            others="community grant_id member_id kind name reward_id state redemption_id decided_at",
            order="community grant_id",
            erased=Erased.STAYS,
            says="Rewards that came with badges, levels and quests",
        ),
        Held(
            "draw_tickets",
            personal="",
            others="community draw_id ticket_id member_id holder_id added_at",
            order="community draw_id ticket_id",
            erased=Erased.STAYS,
            says="Their tickets in draws",
        ),
        Held(
            "draw_winners",
            personal="",
            others="community draw_id place ticket_id member_id won redemption_id",
            order="community draw_id place",
            erased=Erased.STAYS,
            says="What they won in draws",
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
            "redemptions",
            personal="",
            others=(
                "community redemption_id member_id reward_id title points state created_at expires_at "
                "changed_at changed_by"
            ),
            order="community redemption_id",
            erased=Erased.STAYS,
            says="What they had for points",
        ),
        Held(
            "voucher_codes",
            personal="sealed",
            others=(
                "community code_id reward_id code_hash sealed_by expires_at added_at redemption_id given_at "
                "forgotten_at"
            ),
            order="community code_id",
            erased=Erased.BLANKED,
            says="Codes of vouchers that they were given: what one says is on their own page alone",
            whose=_OF_REDEMPTIONS,
            hidden="sealed code_hash",
        ),
        Held(
            "erased_members",
            personal="",
            others="community member_id forfeits erased_at looked_at done_at",
            order="community member_id",
            erased=Erased.STAYS,
            says="That they were erased",
        ),
        *SHARED,
        _PEOPLE,
    ),
    "analytics": (
        Held(
            "survey_asked",
            personal="",
            others="community invitation_id survey_id member_id trigger asked_on",
            order="community invitation_id",
            erased=Erased.STAYS,
            says="Which surveys asked them",
        ),
        Held(
            "survey_answers",
            personal="",
            others="community event_uid invitation_id survey_id answered_on answer",
            order="community event_uid",
            erased=Erased.STAYS,
            says="What they answered to surveys by name",
            whose=_OF_INVITATIONS,
        ),
        Held(
            "guideline_cases",
            personal="",
            others=(
                "community case_id revision state member_id category reports opened_at due_at decided_at "
                "first_decided_at first_due_at"
            ),
            order="case_id community",
            erased=Erased.STAYS,
            says="What became of reports of what they made",
        ),
        Held(
            "nudge_assignments",
            personal="",
            others=(
                "community nudge_id nudge kind title member_id held_out decided_at wished until settles_at did"
            ),
            order="community nudge_id",
            erased=Erased.STAYS,
            says="Nudges that they got or are held out of, and whether they then did what was wished",
        ),
        Held(
            "guideline_acceptances",
            personal="",
            others="community member_id version accepted_at",
            order="community member_id version",
            erased=Erased.STAYS,
            says="Which guidelines they accepted",
        ),
        Held(
            "events",
            personal="",
            others=(
                "community event_uid received_at event_time member_id object_member_id "
                "reply_member_id target_uid retracted_by channel type source event_id day decided_at "
                "decided_by is_bots decided_id trace_id"
            ),
            order="event_uid community",
            erased=Erased.STAYS,
            says="What they did",
        ),
        Held(
            "awards",
            personal="",
            others=(
                "community award_id event_uid member_id amends event_time awarded_at points "
                "programme_version rule_id slot programme_id revision cause total"
            ),
            order="award_id community",
            erased=Erased.STAYS,
            says="Points that rules gave",
        ),
        Held(
            "grants",
            personal="",
            others=(
                "community grant_id member_id award_id reverses kind name title event_time granted_at "
                "day event_uid"
            ),
            order="community grant_id",
            erased=Erased.STAYS,
            says="Badges and levels",
        ),
        Held(
            "redemptions",
            personal="",
            others="community redemption_id member_id reward_id points state changed_at",
            order="community redemption_id",
            erased=Erased.STAYS,
            says="What they had for points",
        ),
        Held(
            "payouts",
            personal="",
            others=(
                "community payout_id run_id member_id points amount_minor currency end_to_end_id state changed_at"
            ),
            order="community payout_id",
            erased=Erased.STAYS,
            says="Payouts, without name and account",
        ),
        Held(
            "member_days",
            personal="",
            others="community day member_id channel events",
            order="community day member_id channel",
            erased=Erased.STAYS,
            says="Days on which they took part",
        ),
        Held(
            "member_locks",
            personal="",
            others="community member_id",
            order="member_id community",
            erased=Erased.STAYS,
            says="That they took part",
        ),
        Held(
            "response_questions",
            personal="",
            others="community question_uid channel asked_at asker_id answered_at answerer_id is_first",
            order="question_uid community",
            erased=Erased.STAYS,
            says="What they asked, and what they were the first to answer, without texts",
            whose=_OF_QUESTIONS,
        ),
        Held(
            "retention_marks",
            personal="",
            others="mark_id community member_id marked_at",
            order="mark_id",
            erased=Erased.STAYS,
            says="That they are to be counted anew",
        ),
        Held(
            "retention_people",
            personal="",
            others="community member_id days channel is_activated",
            order="member_id community",
            erased=Erased.STAYS,
            says="The days on which they took part, as they were counted",
        ),
        Held(
            "audit_trail",
            personal="",
            others=(
                "community audit_id at kind service command person_id credential object_kind "
                "object_id member_id before after traceparent"
            ),
            order="community audit_id",
            erased=Erased.STAYS,
            says="What was commanded about them, and who read of them",
        ),
        *SHARED,
        _PEOPLE,
    ),
}
