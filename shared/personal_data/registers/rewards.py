"""What rewards holds of members, table by table."""

from typing import Final

from shared.personal_data.kinds import Erased, Held
from shared.personal_data.registers.common import LEVELS, PEOPLE, SHARED

_OF_ACCOUNTS: Final = (
    "account_id in (select account_id from accounts where community = $1 and owner = any($2::uuid[]))"
)
_OF_REDEMPTIONS: Final = (
    "redemption_id in (select redemption_id from redemptions where community = $1 and member_id = any($2::uuid[]))"
)
_OF_PAYOUTS: Final = (
    "payout_id in (select payout_id from payouts where community = $1 and member_id = any($2::uuid[]))"
)

#: What a sanctions list found is told to its member in general words alone: those of the payout.
_OF_PAYOUTS_TO_SHOW: Final = f"(t.{_OF_PAYOUTS} and t.check_name <> 'sanctions_list')"

HELD: Final = (
    LEVELS,
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
            "owed expired lacking had_grace is_warned written_off"
        ),
        order="award_id community",
        erased=Erased.STAYS,
        says="Points of each award that are left",
    ),
    Held(
        "debt_write_offs",
        personal="reason",
        others=(
            "community write_off_id member_id points reverses booked_points state proposed_at "
            "proposed_by_person proposed_by proposed_by_credential decided_at decided_by_person decided_by "
            "decided_by_credential"
        ),
        order="write_off_id community",
        erased=Erased.BLANKED,
        says="What they owed and may keep, or owe again",
        hidden="proposed_by_person proposed_by proposed_by_credential decided_by_person decided_by"
        " decided_by_credential",
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
        personal="name iban bic reference",
        others="community member_id revision changed_at changed_by changed_by_person currency",
        order="community member_id revision",
        erased=Erased.DELETED,
        says="Bank details, and all that they were",
    ),
    Held(
        "payouts",
        personal="payee_name iban bic payee_reference",
        others=(
            "community payout_id run_id member_id state points amount_minor currency "
            "end_to_end_id reason created_at changed_at payee_revision payee_changed_at "
            "payee_changed_by payee_changed_by_person computed_points computed_minor exchange receiver_id"
        ),
        order="community payout_id",
        erased=Erased.STAYS,
        says="Payouts, with name and account as they were paid: the books",
    ),
    Held(
        "payee_receivers",
        personal="sealed fingerprint",
        others=(
            "community member_id revision receiver_id provider sealed_by changed_at changed_by_person changed_by"
        ),
        order="community member_id revision",
        erased=Erased.BLANKED,
        says="By which provider they are paid; whose account it is there is on their page",
        hidden="sealed fingerprint",
    ),
    Held(
        "remittances",
        personal="",
        others=(
            "community payout_id run_id provider created_at due_at claimed_until tries_count placed_at "
            "unknown_since was_unknown reference standing words reason fee_minor blames_receiver trouble "
            "hinted_at cancel_asked_at watched_until"
        ),
        order="community payout_id",
        erased=Erased.STAYS,
        says="Payouts by providers, and what these say of each",
        whose=_OF_PAYOUTS,
    ),
    Held(
        "remittance_answers",
        personal="",
        others="community payout_id number said_at standing words reason amount_minor currency",
        order="community payout_id number",
        erased=Erased.STAYS,
        says="What providers said of their payouts, in the order in which they did",
        whose=_OF_PAYOUTS,
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
        "payout_findings",
        personal="country",
        others=(
            "community payout_id check_name policy_id year total_minor limit_minor found_at basis others_count "
            "is_payer clearance_id list_id entry_ids minimum_age"
        ),
        order="community payout_id check_name",
        erased=Erased.STAYS,
        says="What checks found of payouts: the account's country, what they had in a year",
        whose=_OF_PAYOUTS_TO_SHOW,
        hidden="basis list_id entry_ids others_count is_payer policy_id limit_minor clearance_id",
    ),
    Held(
        "payout_clearances",
        personal="reason",
        others=(
            "community clearance_id member_id payout_id check_name basis state proposed_at proposed_by_person "
            "proposed_by proposed_by_credential decided_at decided_by_person decided_by decided_by_credential"
        ),
        order="clearance_id community",
        erased=Erased.BLANKED,
        says="That two people let them pass a check of payouts",
        hidden="check_name basis proposed_by_person proposed_by proposed_by_credential decided_by_person"
        " decided_by decided_by_credential",
    ),
    Held(
        "payee_attestations",
        personal="form",
        others=(
            "community attestation_id member_id kind received_on valid_until age_years country noted_at "
            "noted_by_person noted_by withdrawn_at withdrawn_by_person withdrawn_by"
        ),
        order="attestation_id community",
        erased=Erased.BLANKED,
        says="That a tax form of theirs is on file, and how old they are at least",
    ),
    Held(
        "payout_holds",
        personal="note",
        others=(
            "community hold_id payout_id member_id cause placed_at placed_by_person placed_by released_at "
            "released_by_person released_by"
        ),
        order="community hold_id",
        erased=Erased.BLANKED,
        says="That finance held their money, and why",
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
            "changed_at changed_by spent_points order_id refunded_points confirmed_at is_returned made_by"
        ),
        order="community redemption_id",
        erased=Erased.STAYS,
        says="What they had for points",
    ),
    Held(
        "refunds",
        personal="reason",
        others=(
            "community refund_id redemption_id points goods asks_provider state number asked_at asked_by "
            "asked_by_person decided_at decided_by decided_by_person answer"
        ),
        order="community refund_id",
        erased=Erased.BLANKED,
        says="Points of rewards that they had back, and why",
        whose=_OF_REDEMPTIONS,
        hidden="asked_by_person decided_by_person",
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
        "provider_orders",
        personal="proposed_sealed",
        others=(
            "community redemption_id provider product_id face_minor currency created_at due_at claimed_until "
            "tries_count unknown_since was_unknown reference standing reason trouble hinted_at cancel_asked_at "
            "proposed_outcome proposed_reason proposed_by proposed_by_person proposed_at proposed_sealed_by"
        ),
        order="community redemption_id",
        erased=Erased.BLANKED,
        says="Gift cards that were ordered for them at providers, which learn nothing of whom they are for",
        whose=_OF_REDEMPTIONS,
        hidden="proposed_sealed",
    ),
    Held(
        "fulfilments",
        personal="tracking_url",
        others=(
            "community redemption_id fulfilled_by state created_at changed_at changed_by held_by reason carrier"
        ),
        order="community redemption_id",
        erased=Erased.BLANKED,
        says="Goods that were sent to them, and where these could be followed",
        whose=_OF_REDEMPTIONS,
        hidden="held_by",
    ),
    Held(
        "fulfilment_changes",
        personal="",
        others="community redemption_id number state changed_at changed_by reason",
        order="community redemption_id number",
        erased=Erased.STAYS,
        says="Which states goods for them went through",
        whose=_OF_REDEMPTIONS,
    ),
    Held(
        "delivery_addresses",
        personal="sealed",
        others="community redemption_id revision sealed_by put_at put_by blanked_at",
        order="community redemption_id",
        erased=Erased.BLANKED,
        says="Where goods are sent to them, sealed: what it says is on their own page alone",
        whose=_OF_REDEMPTIONS,
        hidden="sealed",
    ),
    Held(
        "erased_members",
        personal="",
        others="community member_id forfeits erased_at looked_at done_at",
        order="community member_id",
        erased=Erased.STAYS,
        says="That they were erased",
    ),
    Held(
        "send_lines",
        personal="",
        others=(
            "community send_id line line_id reward_id member_id recipient_id state why redemption_id changed_at"
        ),
        order="community send_id line",
        erased=Erased.STAYS,
        says="Rewards that they were sent, and what became of each",
    ),
    *SHARED,
    PEOPLE,
)
