"""The other half of the register: tables and facts with nothing in them by which somebody could be known."""

from collections.abc import Mapping
from typing import Final

_QUOTED: Final = (
    "face_minor currency priced_in minor_per_point source_units target_units spread_basis_points policy_id "
    "sheet_id rate_source rate_day cost_minor points quoted_at expires_at provider_source provider_reference "
    "provider_ends_at fee_minor discount_minor"
)

#: Tables of each service with nothing of a member, and their columns.
NOBODYS_SHARED: Final[Mapping[str, str]] = {
    "access_keys": "community key_id name secret_sha256 scopes revoked person_id expires_at last_used_at",
    "command_answers": "community command idempotency_key request_sha256 answer answered_at",
    "consumer_offsets": "topic partition next_offset",
    "dead_letters": (
        "letter_id community topic partition record_offset key value is_truncated reason dead_at "
        "state tries_count settled_at note"
    ),
    "dead_letters_written": "id topic written_at count",
    "followed_communities": "community revision data",
    "followed_token_keys": "kid public_key not_after revoked",
    "forgotten_facts": "id topic partition record_offset key value kind told_at steps_done reason",
    "not_rebuilt": "id community subject reason noted_at",
    "outbox": "id topic key value traceparent",
    "own_positions": "topic partition next_offset acknowledged_from acknowledged_to",
    "schema_migrations": "name sha256 applied_at",
    # Facts on their way, with nobody's name: members are ids in them, and they go after their time.
    "webhook_deliveries": (
        "delivery_id community endpoint_id message_id fact_type body state made_at due_at tries tried_at status "
        "why is_test"
    ),
    "webhook_endpoints": (
        "endpoint_id community name revision types enabled removed key_id sealed failing_since last_delivered_at "
        "gave_up_revision"
    ),
    "worker_reports": "worker_id started_at reported_at report",
}
#: What the services count of the same awards.
_RECOUNTED: Final = {
    "recounted_minutes": "starts_at kind facts points digest",
    "recounted_sums": "kind facts points digest",
    "recount_rounds": "is_only counted_until recounted_until began_at took_seconds",
}
NOBODYS: Final[Mapping[str, Mapping[str, str]]] = {
    "ingest": {
        **NOBODYS_SHARED,
        "communities": (
            "community has_events calendar title currency languages look_name colours logo_png public "
            "publishing backtest texts_days rejected_days revision bots bots_considered_up_to lowering_by "
            "lowering_community lowering_asked_at standings embed_sites"
        ),
        "connections": (
            "community name connector document settings is_enabled key_id sealed_secrets made_at changed_at "
            "refused_at refused_why refused_count"
        ),
        # What platforms sent and could not be mapped is sealed, and goes after its time or with whom it names.
        "deliveries": (
            "community connection delivery_id fingerprint platform_id event received_at outcome reason event_uids "
            "receipt_id settled_at copies bytes key_id sealed queued_at about "
            "content told_at"
        ),
        "delivery_hours": "community connection hour outcome deliveries",
        "declared_attributes": "community version effective_from attributes",
        "declared_kudos": "community version effective_from terms words giving",
        "nomination_rounds": (
            "community round_id title about starts_at votes_from ends_at nominators voters winners is_live "
            "needs_yes made_at decided_at cancelled_at"
        ),
        "declared_surveys": "community version effective_from surveys",
        # Of figures, not of members: who decided are people who act here, and what they wrote is sealed.
        "decisions": (
            "community decision_id revision kind figure about value seen_on review_on state person_id made_at "
            "changed_at key_id sealed"
        ),
        "decision_reviews": ("community decision_id number outcome review_on person_id reviewed_at key_id sealed"),
        "objectives": "community indicator revision objective starts_on reason person_id set_at",
        "survey_rounds": "community survey_id starts_on after_member is_done advanced_at",
        # Of nobody: no member, no invitation, no time.
        "survey_answers_waiting": "community survey_id answer_id answer",
        "survey_counts": "community survey_id counted_on",
        "declared_event_types": "community version effective_from events",
        "events": "community event_uid content_hash",
        "events_read_back": "community event_uid received_at",
        "measurings": "community started_at portion_at",
        "message_rooms": "community channel key_id sealed set_at gone_at gone_why",
        "message_settings": (
            "community kinds sender_name reply_to day_max_count quiet_begins quiet_ends digest_at revision"
        ),
        "message_templates": "community kind language subject body revision changed_at",
        "occasions": "community occasion_id title begins_at ends_at capacity secret device_key made_at",
        "member_counts": "community members persons bots staff departed hidden unverified is_folded",
        "outcome_hours": "community source hour outcome events folded",
        "receipt_traces": "community receipt_id receipt_index trace_id received_at",
        "people": (
            "person_id revision name kind disabled email oidc_issuer oidc_subject created_at unbound_count"
        ),
        "programme_rules": "community version effective_from rule_counts",
        "receipts": "community receipt_id receipt_index event_uid outcome reason",
        "unbound_subjects": "person_id issuer subject unbound_at",
        "used_id_tokens": "community signed_sha256 used_at",
        "access_keys": (
            "community key_id name secret_sha256 scopes revoked person_id expires_at last_used_at "
            "signed_with created_at issued_by replaced_by"
        ),
        "webhook_endpoints": (
            "endpoint_id community name revision types enabled removed key_id sealed failing_since "
            "last_delivered_at gave_up_revision made_at changed_at disabled_why disabled_by signed_with"
        ),
        "followed_token_keys": "kid public_key not_after revoked derived_from announced_at",
    },
    "scoring": {
        **NOBODYS_SHARED,
        **_RECOUNTED,
        "activities": "community event_uid scored retracted event_time said_at said_id said_uid said_by",
        "audience_sweeps": "community version after_member is_done",
        "awards_read_back": "community event_uid award_id total revision programme_version",
        # What a backtest found so far has ids of members and awards, and is gone as soon as it ends.
        "backtest_pieces": "community backtest_id piece offsets packed",
        "backtests": (
            "community backtest_id state since until audience drafts asked_at asked_by asked_by_person "
            "asked_by_credential begins ends records_count read_count events_count used_seconds attempts "
            "waits_for_live moved_at ended_at failure result"
        ),
        # What a version has for events, and how awards were before, has ids of members: gone once it is posted, or
        # once that is reversed.
        "restatement_pieces": "community restatement_id piece offsets packed",
        "restatement_parts": "community restatement_id part packed before is_posted",
        "restatements": (
            "community restatement_id state since until audience version reason asked_at asked_by_person asked_by "
            "asked_by_credential submitted_at submitted_by_person submitted_by submitted_by_credential "
            "approved_at approved_by_person approved_by approved_by_credential reversal_asked_at "
            "reversal_asked_by_person reversal_asked_by reversal_asked_by_credential reversal_approved_at "
            "reversal_approved_by_person reversal_approved_by reversal_approved_by_credential changed_at begins "
            "ends records_count read_count events_count used_seconds attempts waits_for_live parts_count "
            "parts_done parted_count moved_at posted_at told_to is_told ended_at failure digest result"
        ),
        "campaign_wallets": "community campaign_id limit_points revision",
        "campaign_books": (
            "community campaign_id state is_slowed is_let_go last_day changed_at changed_by_person changed_by "
            "reason revision is_exhausted closes_at"
        ),
        "campaign_changes": (
            "community campaign_id revision what changed_at spent_points person_id person_name reason"
        ),
        "calculated": "community event_uid rule_id slot points met",
        "campaign_portions": "community campaign_id portion version last_day",
        "campaign_spent": "community campaign_id part points portion room",
        "content_events": "community content_id event_uid event_time",
        "declined": "community event_uid rule_id slot reason detail programme_version met",
        "limit_windows": "name used wanted bound is_mixed last_rank last_time last_id given_at",
        "signal_ties": "community window_no receiver_id giver_id day points acts",
        "quality_due": "community content_id",
        "quality_trust_runs": "community computed_at programme_version seeds trusted pairs",
        "programme_drafts": (
            "community draft_id title source_text revision created_at created_by created_by_person "
            "created_by_credential saved_at saved_by saved_by_person saved_by_credential version"
        ),
        "prize_books": "community points",
        "programme_heads": "community programme_id version",
        "programme_proposals": (
            "community version programme_id title requested_from proposed_at proposed_by "
            "proposed_by_person proposed_by_credential source_text document document_sha256 "
            "money_changes state decided_at decided_by decided_by_person decided_by_credential note "
            "restores reason"
        ),
        "programme_versions": (
            "community version programme_id title effective_from published_at published_by source_text "
            "document document_sha256 signed_with published_by_person published_by_credential "
            "approved_by approved_by_person approved_by_credential note restores backtested"
        ),
    },
    "recognition": {
        **NOBODYS_SHARED,
        "applied_awards": "community award_id",
        "badge_limits": "community badge given freed",
        "badge_pictures": "community badge media_type content etag uploaded_at",
        "badge_sweeps": "community version criteria after_member is_done members grants started_at ended_at",
        "credential_issuers": "community name url email description changed_at",
        "credential_keys": "community public_key sealed_by sealed made_at stolen_since",
        "counted_events": "community event_uid event counts said_at said_by said_id happened_at",
        "board_changes": "board_no starts_on points members",
        "board_counts": "board_no starts_on level bucket scores members",
        "board_cuts": (
            "community board_id period starts_on ends_on title cut_at is_final is_whole members late_awards "
            "late_points"
        ),
        "board_parked": "community award_id event_uid award parked_at look_at",
        "board_purges": "board_no starts_on",
        "board_versions": "community version",
        "boards": (
            "board_no community board_id place declared audience_id version since is_whole is_filled filled_up_to "
            "final_up_to cut_up_to look_at is_over"
        ),
        "counters": "community counter rule counted_up_to",
        "counting": "community version evaluated_up_to evaluated",
        "holders": "community kind name members",
        "level_sweeps": "community version levels after_member is_done",
        "tallies_of_all": "community counter day shard events",
        "joint_counts": "community counter events",
        "programmes": "community version programme_id effective_from recognition rules audiences",
        "programmes_in_force": "community version evaluated_up_to evaluated",
        "quest_sweeps": "community version quests after_member is_done",
        "turns": "work community had_at failures again_at",
    },
    "rewards": {
        **NOBODYS_SHARED,
        **_RECOUNTED,
        # What a community offers.
        "reward_pictures": "community reward_id media_type content etag alts uploaded_at",
        "catalogue_rewards": (
            "community reward_id kind category title description translations audience level opens_at closes_at "
            "stock low_count shows_left limit_count limit_days is_withdrawn revision changed_at words tags"
        ),
        "sends": (
            "community send_id title reward_id state lines_count points starts_at claims_end_at table_sha256 "
            "made_at made_by_person made_by decided_at decided_by_person decided_by worked_at"
        ),
        "reward_links": (
            "community link_id reward_id note uses_max_count expires_at created_at created_by revoked_at"
        ),
        "catalogue_prices": "community reward_id effective_from points",
        "gift_cards": "community reward_id provider product_id face_minor currency revision changed_at",
        # A community's own account, and which webhooks came to it.
        "provider_accounts": (
            "community provider account_id revision sealed_by sealed connected_at connected_by failures_count "
            "rests_until last_failure old_secret_until"
        ),
        # What it has to choose from.
        "provider_refreshes": (
            "community provider revision asked_at due_at claimed_until answered_at failed_at reason"
        ),
        "provider_products": "community provider product_id currency accepted found",
        "provider_hints": "account_id hint_id came_at",
        # Which payout a line is about, and nothing of the person: who was paid is not kept of a bank's file.
        "bank_lines": (
            "community message_key line_id place imported_at kind status level reference end_to_end_id order_id "
            "named amount_minor currency instructed_minor reason booked_on entry account direction entry_minor "
            "entry_currency servicer_reference payments is_detailed is_booked state says payout_id run_id "
            "matched_by outcome_id same_as why decided_at decided_by_person decided_by alike_by_id "
            "alike_by_account alike_by_name"
        ),
        "bank_messages": (
            "community message_key name message_id sha256 imported_at imported_by_person imported_by"
        ),
        "draws": (
            "community draw_id title description reward_id winners_count closes_at state seed frozen_at "
            "tickets_count tickets_sha256 drawn_at ends_on"
        ),
        # The chain over all that was booked: of whom an entry is, the entry says.
        "entries_unchained": "part community recorded_at transfer_ids account_ids",
        "ledger_blocks": "community number previous hash chained_at entries_count transfer_ids account_ids",
        # Whatever a check found wrong is by ids, as the books have them.
        "ledger_watch": "is_only after began_at rests_until took_seconds",
        "ledger_watched": "community invariant differences",
        "ledger_checks": ("community asked_at started_at parts_done took_too_long checked_at took_seconds found"),
        # Accounts of finance's chart and sums of days: who proposed, decided and exported are people who act here.
        "account_mappings": (
            "community mapping_id effective_from accounts tax_rate state proposed_at proposed_by_person "
            "proposed_by proposed_by_credential decided_at decided_by_person decided_by decided_by_credential"
        ),
        "periods": (
            "community month starts_at ends_at state revision reason proposed_at proposed_by_person proposed_by "
            "decided_at decided_by_person decided_by figures block_number block_hash"
        ),
        "journals": (
            "community journal_id state reason month amends proposed_at proposed_by_person proposed_by decided_at "
            "decided_by_person decided_by"
        ),
        "wallets": (
            "community wallet_id parent_id root_id depth purpose campaign_id title currency state low_amount "
            "is_low owner_person_ids revision created_at changed_at changed_by_person changed_by"
        ),
        "wallet_reservations": (
            "community reservation_id wallet_id used_for amount posted voided refunded moves created_at expires_at"
        ),
        "wallet_moves": (
            "community move_id kind wallet_id to_wallet_id amount reservation_id used_for decision_id moved_at "
            "moved_by_person moved_by"
        ),
        "wallet_decisions": (
            "community decision_id wallet_id kind to_wallet_id amount spends reward_id unit_cost reason state "
            "proposed_at proposed_by_person proposed_by decided_at decided_by_person decided_by"
        ),
        "debt_accounts": "community account_id noted_at",
        "debt_write_off_lots": "community write_off_id award_id points",
        "clawbacks": "community transfer_id policy_id used_points kept_points",
        "payout_policies": (
            "community policy_id effective_from currency holding_days minimum_minor countries warn_above_minor "
            "stop_above_minor stops_shared_accounts tax_forms minimum_age state proposed_at proposed_by_person "
            "proposed_by proposed_by_credential decided_at decided_by_person decided_by decided_by_credential"
        ),
        "bank_check_days": (
            "community day currency payouts_count ledger_minor payouts_minor bank_minor differences_count "
            "checked_at"
        ),
        # Which payout differs, and nothing of the person; why, which finance writes of its books.
        "bank_check_items": (
            "community item_id day currency payout_id ledger_minor payouts_minor bank_minor found_at state "
            "looked_at looked_by_person looked_by decided_at decided_by_person decided_by reason"
        ),
        "bank_check_progress": "community checked_until checked_on next_at round_until",
        "payout_schedules": (
            "community schedule_id effective_from every on_day month_of_quarter at state proposed_at "
            "proposed_by_person proposed_by proposed_by_credential decided_at decided_by_person decided_by "
            "decided_by_credential stopped_at stopped_by_person stopped_by stopped_by_credential next_at"
        ),
        "due_turns": "due after",
        "payout_schedule_times": "community schedule_id day due_at missed_count noted_at",
        "payout_run_quotes": "community run_id due_at asked_at not_quoted",
        "payout_run_fees": (
            "community run_id amount_minor payouts_count gets_minor leaves_minor leaves_currency fee_minor rate "
            "expires_at"
        ),
        "payout_schedule_runs": "community schedule_id day provider currency state noted_at run_id reason",
        # Of nobody here: whom a list is about, which others publish and finance loads.
        "sanctions_lists": (
            "community list_id title sha256 entries_count state proposed_at proposed_by_person proposed_by "
            "proposed_by_credential decided_at decided_by_person decided_by decided_by_credential looked_after "
            "turn_at looked_at"
        ),
        "sanctions_entries": "community list_id line entry_id name birth_date country",
        "sanctions_keys": "community list_id key line keys_count",
        "clawback_policies": (
            "community policy_id effective_from treatment below_points state proposed_at proposed_by_person "
            "proposed_by proposed_by_credential decided_at decided_by_person decided_by decided_by_credential"
        ),
        "wallet_assignments": "community spends reward_id currency wallet_id unit_cost campaign_id",
        "wallet_campaigns": (
            "community campaign_id wallet_id awarded_points free_points paid_points limit_points revision"
            " is_lacking"
        ),
        "campaign_points_due": "id community campaign_id points",
        "journal_lines": "community journal_id line kind currency amount",
        "journal_exports": (
            "community number first_day last_day grain tax_rate lines_count made_at made_by_person made_by "
            "made_by_credential"
        ),
        "journal_export_lines": "community number line day event account account_number currency amount",
        # What points are worth, by month: who proposed and decided what of it are people who act here.
        "liability_days": "community day taken_at policy_id currency vintage_unit error_points cautions",
        "liability_days_given_up": "community day given_up_at",
        "liability_policies": (
            "community policy_id effective_from currency basis minor_per_point estimate expected_redemption "
            "vintage_unit state proposed_at proposed_by_person proposed_by proposed_by_credential decided_at "
            "decided_by_person decided_by decided_by_credential"
        ),
        "liability_vintages": (
            "community day vintage issued_points redeemed_points expired_points reserved_points lacking_points "
            "still_expected_points estimated_by minor_per_point liability_minor full_minor"
        ),
        # Rates between currencies: who proposed, decided and handed in are people who act here.
        "rate_policies": (
            "community policy_id effective_from base source currencies units max_move_basis_points "
            "spread_basis_points max_age_days state proposed_at proposed_by_person proposed_by "
            "proposed_by_credential decided_at decided_by_person decided_by decided_by_credential"
        ),
        "rate_sheets": (
            "community sheet_id base day currencies units taken_at taken_by_person taken_by taken_by_credential"
        ),
        # What gift cards cost whose price follows a rate, and at which quote something was redeemed.
        "card_prices": (
            "community reward_id currency minor_per_point changed_at due_at quoted_revision failed_at reason "
            "follows claimed_until"
        ),
        "card_quotes": f"community reward_id quote_id provider product_id {_QUOTED}",
        "requoted_orders": (
            "community redemption_id number cost_minor currency rate spread_basis_points fee_minor discount_minor "
            "provider_source provider_reference quoted_at provider_ends_at"
        ),
        "quoted_redemptions": f"community redemption_id reward_id quote_id {_QUOTED}",
        "provider_costs": (
            "community redemption_id currency expected_minor fee_minor discount_minor charged_minor is_said "
            "booked_at taken_back_at kept_minor refund_unsaid_at"
        ),
        "lot_uses": "community used_by award_id points owed",
        "lot_uses_given_back": "community used_by award_id points back_id owed given_at",
        "payout_files": (
            "community run_id message_id content sha256 payment_count control_sum_minor created_at created_by"
        ),
        "payout_outcomes": (
            "community outcome_id run_id outcome reason payout_ids state proposed_at proposed_by "
            "proposed_by_person decided_at decided_by decided_by_person"
        ),
        "payout_parts": (
            "community payout_id number points amount_minor rate_points rate_minor rate_exchange "
            "returned_payout_id"
        ),
        "payout_runs": (
            "community run_id state programme_id programme_version currency points minor minimum_points "
            "payer_name payer_iban payer_bic complete created_at created_by decided_at decided_by "
            "execution_days created_by_person decided_by_person planned_count left_payable_count "
            "left_held_count filing_by filing_by_person minimum_minor holding_days policy_id ordering exchange "
            "provider"
        ),
        "payout_runs_unsealed": "community run_id",
        "remittance_runs": "community run_id taken_up_at is_altered",
        "payout_seals": "community run_id number step seal sealed_at sealed_by",
        "programmes": "community programme_id version effective_from rewards audiences redeeming",
        "transfers": (
            "community transfer_id kind cause_id event_time recorded_at amends revision why told_at told_points"
        ),
        "member_sums": "part community kind currency accounts amount",
        "turnovers": "community starts_at part kind currency account_id accounts debit credit folded",
    },
    "analytics": {
        "slice_figures": "community kind value figure channel day number people",
        "figures_by_slice": "community kind value figure channel day number people",
        **NOBODYS_SHARED,
        **_RECOUNTED,
        "active_days": "community channel day gap members",
        "survey_blocks": "community block_id survey_id counted_on answers",
        "awards_by_hand": "community award_id person_id approved_by_person",
        "event_days": "community day channel type events",
        "grant_days": "community day kind name granted taken_back",
        "member_counts": "community members",
        "payout_counts": "community state currency number points amount_minor",
        "lineage_orphans": "community link key found_at",
        "lineage_watch": "is_only link after rounds behind_at",
        "payout_lots": "community payout_id part position award_id points",
        "payout_states": (
            "community payout_id fact_id position state changed_by reason changed_at traceparent "
            "person_id outcome_id"
        ),
        "programmes": (
            "community version programme_id effective_from published_by document traceparent approved_by note "
            "backtested"
        ),
        "campaign_effects": (
            "community campaign_id title starts_on ends_on holdout_percent base_starts_on base_ends_on "
            "looked_starts_on looked_ends_on state treated treated_active held_out held_out_active left_out "
            "points measured_at"
        ),
        "campaign_audiences": (
            "community campaign_id audience_id title treated treated_active held_out held_out_active left_out"
        ),
        "effect_checks": "community checked_at",
        "scorecard_checks": "community checked_at",
        "scorecard_gauges": "community terms gauges measured_at",
        "network_checks": "community checked_at",
        "response_checks": "community checked_at",
        "kept_answers": "community figure days terms answer counted_at",
        "content_items": "community item_id channel host month reads readers responses responders resonance",
        "content_marks": "mark_id community event_uid marked_at",
        "digests": "community starts_on ends_on made_at content",
        "alert_checks": "community checked_at",
        "alerts": "community name about state grade since told_on told_at content",
        "digest_checks": "community checked_at",
        "decisions": (
            "community decision_id revision kind figure about value seen_on review_on state person_id made_at "
            "changed_at remind_at"
        ),
        "decision_revisions": "community decision_id revision review_on changed_at",
        "objectives": "community indicator revision objective starts_on set_at",
        "solution_events": "community item_id channel host event_uid question_id",
        # Which events bring goals nearer, by ids that are theirs alone.
        "goal_outcomes": "community day outcome event_uid",
        "goal_checks": "community checked_at",
        "goal_turns": "turn_id community goal_id starts_on state noticed_at",
        "redemption_lots": "community redemption_id part position award_id points",
        "redemption_lots_given_back": "community redemption_id part position award_id points",
        "redemption_states": "community redemption_id fact_id position state changed_at",
        "rejections": "community fact_id source event_id outcome reason rejected_at receipt_id receipt_index",
        "idea_events": "community event_uid channel host item_id status",
        "response_events": "community channel host item_id event_uid is_question topic",
        "tie_marks": "mark_id community event_uid marked_at",
        "tone_days": "community day channel type model language tone texts",
        "tone_marks": "mark_id community event_uid marked_at",
        "response_marks": "mark_id community channel host item_id marked_at",
        "retention_figures": "community figure channel day number people",
        "retention_terms": "community terms",
        "rule_days": "community day rule_id points awards taken_back amendments",
        "redemption_counts": "community state number points",
        "rejection_counts": "community rejections",
    },
}
