"""The register of personal data on topics: every field of every type of fact."""

from collections.abc import Mapping
from typing import Final

from shared.personal_data.kinds import Told

#: The fields of every type of fact; of what a front door took, and of the log, those of activities are meant.
TOLD: Final[Mapping[str, Told]] = {
    "engagement.received.v1": Told("data", "", "with the topic's retention"),
    "engagement.rejected.v1": Told("", "event_id event_source outcome reason receipt_id receipt_index"),
    "member.identified.v1": Told(
        "name dated identities",
        "member_id channel first_seen_at revision name_at name_by bot_by is_person standing off_boards unearning"
        " opt_outs",
        "by compaction, once member.erased.v1 has the key",
    ),
    "member.merged.v1": Told("", "member_id into_id merged_at revision earlier"),
    "member.unmerged.v1": Told("", "member_id into_id merged_at unmerged_at revision earlier"),
    "member.erased.v1": Told(
        "identities", "member_id revision erased_at forfeits", "never: nothing is taken by them"
    ),
    "points.awarded.v1": Told(
        "",
        "member_id amends award_id beneficiary by_hand cause day event_time event_type event_uid points"
        " programme_id programme_version received_at revision rule_id total week score available_at"
        " campaign expires_at restatement_id",
    ),
    "audience.entered.v1": Told("", "member_id audience revision since known_at programme_version met"),
    "audience.left.v1": Told("", "member_id audience revision since known_at programme_version met"),
    "signal.case_changed.v1": Told(
        "",
        "member_id case_id revision state starts_on score_percent signals programme_version opened_at"
        " asked_by_person decided_by_person reason",
    ),
    "member.links_changed.v1": Told("", "member_id revision account_id members_count is_payer"),
    "campaign.changed.v1": Told("", "campaign revision what state is_exhausted is_let_go spent_points person_id"),
    "guidelines.case_changed.v1": Told(
        "",
        "member_id case_id revision state channel host object_id category reports opened_at due_at decided_at"
        " by_person repeat penalty_points",
    ),
    "guidelines.suspension_changed.v1": Told(
        "", "member_id suspension_id revision stands starts_at ends_at case_id"
    ),
    "guidelines.accepted.v1": Told("", "member_id version accepted_at"),
    "guidelines.said.v1": Told(
        "",
        "member_id word_id kind about said_at by_member by_person by_name channel host object_id outcome category"
        " reason ends_at programme_version repeat penalty_points suspended_days appeal_until",
    ),
    "recognition.granted.v1": Told(
        "",
        "member_id award_id by_hand day edition event_time event_uid freed gives grant_id id kind met "
        "programme_version reverses tier title",
    ),
    "recognition.lock_changed.v1": Told("", "member_id lock_id level locked_at unlocked_at"),
    "recognition.freeze_given.v1": Told("", "member_id freeze_id streak given_at"),
    "recognition.quest_joined.v1": Told("", "member_id joined_at quest team"),
    "recognition.quest_left.v1": Told("", "member_id left_at quest team_id"),
    "celebration.made.v1": Told(
        "",
        "member_id award_id celebration_id day event_time event_uid grant_id kind name number programme_version"
        " tier title together",
    ),
    "nudge.decided.v1": Told(
        "",
        "member_id nudge_id nudge kind title cause_id held_out decided_at wished within_days event_uid"
        " celebration_id programme_version",
    ),
    "survey.asked.v1": Told(
        "", "member_id invitation_id survey programme_version trigger asked_at asked_on closes_at"
    ),
    "survey.counted.v1": Told("", "block_id survey counted_on answers answer_ids"),
    "decision.changed.v1": Told(
        "",
        "decision_id revision kind figure about value seen_on review_on state person_id made_at changed_at",
    ),
    "objective.set.v1": Told("", "indicator revision objective starts_on person_id set_at"),
    "nomination_round.changed.v1": Told(
        "",
        "round_id title about starts_at votes_from ends_at nominators voters winners is_live needs_yes made_at"
        " decided_at cancelled_at",
    ),
    "nomination.changed.v1": Told(
        "",
        "nomination_id round_id nominee_id nominator_id event_uid made_at said is_listed votes place has_won",
    ),
    "nomination.vote_changed.v1": Told("", "round_id nomination_id member_id number voted_at"),
    "redemption.changed.v1": Told(
        "",
        "member_id by card code expires_at fulfilled_by order_id points redemption_id refund refunded_points "
        "reserved_points reward_id state title",
    ),
    "redemption.lots.v1": Told("", "lots part parts redemption_id"),
    "redemption.lots_given_back.v1": Told("", "lots part parts redemption_id refund_id"),
    "redemption.cost_changed.v1": Told(
        "",
        "redemption_id step currency charged_minor expected_minor fee_minor discount_minor is_said booked_at "
        "kept_minor taken_back_at refund_unsaid_at",
    ),
    "payout.changed.v1": Told(
        "",
        "member_id amount_minor by currency end_to_end_id exchange outcome_id parts payout_id person_id points"
        " proposed_by_person reason run_id state",
    ),
    "payout.lots.v1": Told("", "lots part parts payout_id"),
    "payout_run.changed.v1": Told(
        "",
        "by complete created_at created_by created_by_person currency exchange execution_days file holding_days"
        " minimum_minor minimum_points minor ordering provider payer person_id points policy_id programme_id"
        " programme_version run_id seal state",
    ),
    "payout.hold_changed.v1": Told(
        "", "by cause hold_id member_id payout_id person_id placed_at placed_by placed_by_person state"
    ),
    "ledger.period_changed.v1": Told(
        "",
        "block by decided_at ends_at figures month person_id proposed_at proposed_by proposed_by_person reason"
        " revision starts_at state",
    ),
    "ledger.journal_changed.v1": Told(
        "",
        "amends by decided_at journal_id lines month person_id proposed_at proposed_by proposed_by_person reason"
        " state",
    ),
    "ledger.liability_policy_changed.v1": Told(
        "",
        "basis by currency decided_at effective_from estimate expected_redemption minor_per_point person_id"
        " policy_id proposed_at proposed_by proposed_by_person state vintage_unit",
    ),
    "ledger.account_mapping_changed.v1": Told(
        "",
        "accounts by decided_at effective_from mapping_id person_id proposed_at proposed_by"
        " proposed_by_person state tax_rate",
    ),
    "ledger.rate_policy_changed.v1": Told(
        "",
        "base by decided_at effective_from max_age_days max_move_basis_points person_id policy_id proposed_at"
        " proposed_by proposed_by_person source spread_basis_points state units",
    ),
    "ledger.rate_sheet_taken.v1": Told("", "base by day person_id sheet_id units"),
    "payout.policy_changed.v1": Told(
        "",
        "by countries currency decided_at effective_from holding_days minimum_age minimum_minor person_id"
        " policy_id proposed_at proposed_by proposed_by_person state stop_above_minor stops_shared_accounts"
        " tax_forms warn_above_minor",
    ),
    "payout.clearance_changed.v1": Told(
        "",
        "basis by check clearance_id decided_at member_id payout_id person_id proposed_at proposed_by"
        " proposed_by_person state",
    ),
    "payout.sanctions_list_changed.v1": Told(
        "",
        "by decided_at entries_count list_id person_id proposed_at proposed_by proposed_by_person sha256 state"
        " title",
    ),
    "payout.attestation_changed.v1": Told(
        "",
        "attestation_id by country kind member_id noted_at noted_by noted_by_person person_id received_on"
        " valid_until withdrawn_at",
    ),
    "payout.schedule_changed.v1": Told(
        "",
        "at by decided_at effective_from every month_of_quarter on_day person_id proposed_at proposed_by"
        " proposed_by_person schedule_id state stopped_at stopped_by stopped_by_person",
    ),
    "wallet.changed.v1": Told(
        "",
        "available by campaign_id created_at currency depth is_low low_amount owner_person_ids parent_id person_id"
        " purpose revision root_id state title wallet_id",
    ),
    "wallet.moved.v1": Told(
        "",
        "amount by currency decision_id expires_at kind move_id person_id reservation_id to_wallet_id transfer_id"
        " used_for wallet_id",
    ),
    "wallet.decision_changed.v1": Told(
        "",
        "amount by decided_at decision_id kind person_id proposed_at proposed_by proposed_by_person reason"
        " reward_id spends state to_wallet_id unit_cost wallet_id",
    ),
    "wallet.campaign_changed.v1": Told("", "campaign_id free_points limit_points revision wallet_id"),
    "debt.policy_changed.v1": Told(
        "",
        "below_points by decided_at effective_from person_id policy_id proposed_at proposed_by proposed_by_person"
        " state treatment",
    ),
    "debt.clawback_booked.v1": Told("", "award_id kept_points member_id policy_id transfer_id used_points"),
    "debt.write_off_changed.v1": Told(
        "",
        "booked_points by decided_at member_id person_id points proposed_at proposed_by proposed_by_person"
        " reverses state write_off_id",
    ),
    "debt.write_off_lots.v1": Told("", "lots part parts write_off_id"),
    "programme.published.v1": Told(
        "",
        "approved_by approved_by_person backtested document document_sha256 effective_from note programme_id"
        " published_by published_by_person restores version",
    ),
    "recognition.prize_won.v1": Told(
        "", "member_id board board_title ends_on gives id points prize_id programme_version rank starts_on title"
    ),
    "community.alert_changed.v1": Told("", "alert_id name about state since told_on values"),
    "message.requested.v1": Told("", "member_id request_id kind recipient_id values expires_at"),
    "webhook_endpoint.changed.v1": Told("", "endpoint_id name revision types enabled removed sealed"),
    "webhook_endpoint.failed.v1": Told("", "endpoint_id revision trouble since waiting"),
    "access_key.changed.v1": Told("", "expires_at key_id name person_id revoked scopes secret_sha256"),
    "person.changed.v1": Told(
        "members",
        "disabled kind name person_id revision roles unbound_count",
        "A further fact is without them, and the log keeps the last of each person alone",
    ),
    "token_key.changed.v1": Told("", "kid not_after public_key revoked"),
    "command.done.v1": Told("", "member_id after audit_id before command credential object person_id service"),
    "personal_data.read.v1": Told("", "member_id audit_id credential operation person_id service"),
    "community.changed.v1": Told(
        "",
        "bots calendar currency embed_sites languages look public retention review_policy revision standings "
        "title",
    ),
    "sentiment.measured.v1": Told("", "member_id event_type event_uid measures"),
    "record.dead_lettered.v1": Told(
        "key_base64 value_base64",
        "offset partition reason service topic value_truncated",
        "with the topic's retention",
    ),
}
