"""What analytics holds of members, table by table."""

from typing import Final

from shared.personal_data.kinds import Erased, Held
from shared.personal_data.registers.common import PEOPLE, SHARED

_OF_INVITATIONS: Final = """invitation_id in (
    select q.invitation_id from survey_asked q where q.community = $1 and q.member_id = any($2::uuid[]))"""
_OF_QUESTIONS: Final = """question_uid in (
    select q.question_uid from response_questions q
    where q.community = $1 and (q.asker_id = any($2::uuid[]) or q.answerer_id = any($2::uuid[])))"""

_OF_TEXTS: Final = """event_uid in (
    select e.event_uid from events e where e.community = $1 and e.member_id = any($2::uuid[]))"""

_OF_TIES: Final = "(t.from_id = any($2::uuid[]) or t.to_id = any($2::uuid[]))"

HELD: Final = (
    Held(
        "slice_people",
        personal="value",
        others="community member_id kind days events is_new channel is_activated",
        order="member_id community kind value",
        erased=Erased.DELETED,
        says="Days on which they took part in audiences, on channels and with attributes, as they were counted",
    ),
    Held(
        "content_events",
        personal="",
        others="community event_uid channel host item_id does counted_member counted_month",
        order="event_uid community does",
        erased=Erased.STAYS,
        says="What they read and responded to",
        whose=_OF_TEXTS,
    ),
    Held(
        "content_people",
        personal="",
        others="community item_id channel host month member_id reads responses",
        order="community item_id channel host month member_id",
        erased=Erased.STAYS,
        says="What they read and responded to, by month",
    ),
    Held(
        "kept_bridges",
        personal="",
        others="community days member_id cut_off members",
        order="member_id community days",
        erased=Erased.STAYS,
        says="How many others only they connect with most, in the last 7, 30 and 90 days, as it was counted last",
    ),
    Held(
        "kept_ties",
        personal="",
        others="community days from_id to_id times is_mutual",
        order="days from_id to_id",
        erased=Erased.STAYS,
        says="Whom they answered and thanked most, and who did so to them, as it was counted last",
        whose=_OF_TIES,
    ),
    Held(
        "topic_events",
        personal="topic",
        others="community member_id event_time event_uid",
        order="member_id community event_time event_uid",
        erased=Erased.DELETED,
        says="What they wrote and read about, as platforms say it, without texts",
    ),
    Held(
        "figures_unwanted",
        personal="",
        others="community member_id",
        order="member_id community",
        erased=Erased.DELETED,
        says="That they want no part in figures",
    ),
    Held(
        "audience_turns",
        personal="",
        others="community audience_id member_id revision is_in since",
        order="member_id community audience_id revision",
        erased=Erased.DELETED,
        says="When they came into audiences and left them",
    ),
    Held(
        "member_attributes",
        personal="value",
        others="community member_id name since said_at",
        order="member_id community name since said_at value",
        erased=Erased.DELETED,
        says="Attributes by which figures are sliced",
    ),
    Held(
        "orbit_moves",
        personal="",
        others="community month member_id level_before level love",
        order="community month member_id",
        erased=Erased.STAYS,
        says="In which months they came to another level of the Orbit model",
    ),
    Held(
        "ties",
        personal="",
        others="community event_uid day kind from_id to_id is_counted",
        order="event_uid community",
        erased=Erased.STAYS,
        says="Whom they answered and thanked, and who did so to them",
        whose=_OF_TIES,
    ),
    Held(
        "tie_days",
        personal="",
        others="community day kind from_id to_id times",
        order="community day from_id to_id kind",
        erased=Erased.STAYS,
        says="Whom they answered and thanked, and who did so to them",
        whose=_OF_TIES,
    ),
    Held(
        "tones",
        personal="",
        others=(
            "community event_uid measured_at model language tone counted_day counted_channel counted_type "
            "counted_model counted_language counted_tone"
        ),
        order="event_uid community",
        erased=Erased.STAYS,
        says="How what they wrote sounds, without texts",
        whose=_OF_TEXTS,
    ),
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
            "first_decided_at first_due_at appealed_at appeal_decided_at"
        ),
        order="case_id community",
        erased=Erased.STAYS,
        says="What became of reports of what they made",
    ),
    Held(
        "nudge_assignments",
        personal="",
        others=("community nudge_id nudge kind title member_id held_out decided_at wished until settles_at did"),
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
            "community grant_id member_id award_id reverses kind name title event_time granted_at day event_uid"
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
        others="community question_uid channel asked_at asker_id answered_at answerer_id is_first topic",
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
        others="community member_id days channel is_activated months month_events",
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
    PEOPLE,
)
