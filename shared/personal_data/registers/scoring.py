"""What scoring holds of members, table by table."""

from typing import Final

from shared.personal_data.kinds import Erased, Held
from shared.personal_data.registers.common import LEVELS, PEOPLE, SHARED

_OF_WORDS: Final = """word_id in (
    select w.word_id from guideline_words w
    where w.community = $1 and (w.member_id = any($2::uuid[]) or w.by_member = any($2::uuid[])))"""

HELD: Final = (
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
        "backtest_movers",
        personal="",
        others="community backtest_id draft place member_id points_before points_after",
        order="community backtest_id draft place",
        erased=Erased.DELETED,
        says="That a draft of the programme would have given them most more or less",
    ),
    Held(
        "restatement_differences",
        personal="",
        others=(
            "community restatement_id place part award_id member_id rule_id score event_uid event_type event_time "
            "points_before points_after posted_id"
        ),
        order="community restatement_id place",
        erased=Erased.DELETED,
        says="What a version of the programme changed of what they got before, or would have",
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
    LEVELS,
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
            "revision cause total score available_at expires_at restatement_id"
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
    PEOPLE,
)
