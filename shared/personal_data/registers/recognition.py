"""What recognition holds of members, table by table."""

from typing import Final

from shared.personal_data.kinds import Erased, Held
from shared.personal_data.registers.common import PEOPLE, SHARED

HELD: Final = (
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
        "board_times",
        personal="",
        others="board_no starts_on member_id community event_time awards",
        order="board_no starts_on member_id event_time",
        erased=Erased.STAYS,
        says="When events were whose points are on boards",
    ),
    Held(
        "board_results",
        personal="",
        others="community board_id period starts_on place member_id rank points reached_at",
        order="community board_id period starts_on place",
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
        others="community member_id is_wanted is_hidden",
        order="member_id community",
        erased=Erased.DELETED,
        says="Whether they want a card that everybody may see, and whether they are hidden",
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
    PEOPLE,
)
