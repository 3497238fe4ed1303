"""Settings of rewards."""

from base64 import urlsafe_b64decode
from datetime import time
from typing import Annotated, Final

from pydantic import AfterValidator, Field, field_validator

from shared.settings import ServiceSettings
from shared.signatures import split_keys
from shared.zones import zone_names

VOUCHER_KEY_BYTES: Final = 32


def voucher_keys(text: str) -> list[bytes]:
    """The keys of the setting. Raises ValueError for what is none."""
    try:
        keys = [urlsafe_b64decode(key + "=" * (-len(key) % 4)) for key in split_keys(text)]
    except ValueError as error:
        raise ValueError(f"voucher_keys are {VOUCHER_KEY_BYTES} bytes each in base64url") from error
    if any(len(key) != VOUCHER_KEY_BYTES for key in keys):
        raise ValueError(f"voucher_keys have {VOUCHER_KEY_BYTES} bytes each: `plaudit secrets` makes one")
    return keys


def _known_zone(name: str) -> str:
    if name not in zone_names():
        raise ValueError(f"there is no time zone {name!r}; write one like Europe/Berlin")
    return name


class Settings(ServiceSettings):
    """The shared settings, and how long points wait, last and are reserved."""

    points_hold_seconds: int = Field(
        0, ge=0, description="How long new points are pending before they are available"
    )
    points_lifetime_seconds: int | None = Field(
        None,
        ge=1,
        description="Points not used so long after they were earned expire when that day ends; unset: never",
    )
    points_grace_days: int = Field(
        30,
        ge=0,
        le=3_660,
        description="Points that come back to a lot whose time is over can be used for so many days more, once; "
        "a programme that says `grace_days` goes before it",
    )
    reservation_ttl_seconds: int = Field(900, ge=1, description="A redemption not confirmed by then expires")
    fulfilment_max_days: int = Field(
        60, ge=1, le=730, description="Goods that nobody began to send by then are given up: the points are back"
    )
    delivery_address_days: int = Field(
        30, ge=1, le=730, description="Days for which the address of goods is kept that were sent or given up"
    )
    draw_tickets_max_count: int = Field(
        100_000, ge=1, le=1_000_000, description="Tickets that a draw takes; what comes with later grants is none"
    )
    catalogue_rewards_max_count: int = Field(
        500, ge=1, le=10_000, description="Rewards that a community's own catalogue may have, withdrawn ones too"
    )
    voucher_codes_max_count: int = Field(
        100_000, ge=1, description="Codes of one reward that may wait to be given; an import beyond is refused"
    )
    voucher_keys: str = Field(
        "",
        repr=False,
        description="Keys that seal codes of vouchers, comma-separated, 32 bytes in base64url each: the first "
        "seals, all open; empty: no codes are taken in",
    )
    reward_links_max_count: int = Field(
        1_000, ge=1, description="Links that give rewards which a community may have open at once"
    )
    reward_link_max_days: int = Field(
        365, ge=1, le=3_650, description="Days after which a link that gives a reward ends at the latest"
    )
    sends_max_count: int = Field(
        50, ge=1, description="Sends of a community that may be under way at once, drafts too"
    )
    sends_alone_max_points: int = Field(
        10_000,
        ge=0,
        description="Points that what a send gives may cost in the catalogue before a second person approves it",
    )
    refunds_alone_max_points: int = Field(
        10_000,
        ge=0,
        description="Points of a redemption that one person may refund in all; above it another approves",
    )
    reversals_alone_max_points: int = Field(
        10_000,
        ge=0,
        description="Points that are back by themselves when a provider takes back what it delivered; above it "
        "people refund them",
    )
    send_max_days: int = Field(
        365, ge=1, le=3_650, description="Days after which what a send offers ends at the latest"
    )
    send_lines_per_piece_max_count: int = Field(
        20, ge=1, le=1_000, description="Lines of a send that are carried out in one transaction"
    )
    provider_sandbox_url: str = Field(
        "", description="Where `plaudit sandbox-provider` runs; empty: there is none to try gift cards on"
    )
    provider_xoxoday_url: str = Field(
        "https://accounts.xoxoday.com/chef", description="Where Xoxoday Plum is; empty: it is not used"
    )
    provider_tremendous_url: str = Field(
        "https://www.tremendous.com", description="Where Tremendous is; empty: it is not used"
    )
    provider_paypal_url: str = Field(
        "https://api-m.paypal.com", description="Where PayPal Payouts is; empty: it is not used"
    )
    provider_wise_url: str = Field("https://api.wise.com", description="Where Wise is; empty: it is not used")
    provider_stripe_url: str = Field(
        "https://api.stripe.com", description="Where Stripe is; empty: it is not used"
    )
    remittance_watch_days: int = Field(
        90,
        ge=1,
        le=3_650,
        description="Days for which the provider of a payout that it paid is asked daily whether it came back",
    )
    provider_loopback: bool = Field(
        False, description="Whether providers may be on this machine, by http too: for a stack to try things on"
    )
    provider_seconds: float = Field(
        10.0, gt=0, le=60, description="How long a provider of goods may take to answer; then nobody knows"
    )
    provider_calls_max_count: int = Field(
        16, ge=1, le=256, description="Calls to providers of goods at once, of all communities"
    )
    provider_account_calls_max_count: int = Field(
        2, ge=1, le=16, description="Calls at once for one community's account at a provider of goods"
    )
    provider_settle_seconds: int = Field(
        900, ge=0, description="How long after an order that nobody knew of a refusal means that it was not placed"
    )
    provider_secret_overlap_hours: int = Field(
        24, ge=0, le=720, description="How long the secret of before still signs a provider's webhooks"
    )
    provider_webhooks_at_once_max_count: int = Field(
        32, ge=1, le=1_000, description="Webhooks of providers that a process reads at once; others come again"
    )
    provider_hints_days: int = Field(
        30, ge=1, le=366, description="Days for which a provider's webhook that comes again is known"
    )
    upkeep_max_count: int = Field(1_000, ge=1, description="Lots, reservations or sums that a timer takes at once")
    payouts_per_run_max_count: int = Field(
        2_000,
        ge=1,
        description="Payouts of one run that can be paid, and as many that are held; the rest needs another run",
    )
    payouts_per_piece_max_count: int = Field(
        100, ge=1, description="Payouts of a run that are worked at in one transaction: so long others wait"
    )
    payout_holds_max_count: int = Field(
        1_000, ge=1, description="Members of a community whose money finance may hold back at a time"
    )
    payout_policies_waiting_max_count: int = Field(
        20, ge=1, description="Payout policies of a community that may wait for another person"
    )
    payout_schedules_waiting_max_count: int = Field(
        20, ge=1, description="Schedules of a community's payout runs that may wait for another person"
    )
    payout_schedules_max_count: int = Field(
        10, ge=1, description="Schedules of payout runs that may be in force in a community at a time"
    )
    bank_check_days: int = Field(
        35, ge=1, le=366, description="Days back for which ledger, payouts and bank are compared again each day"
    )
    payee_attestations_per_member_max_count: int = Field(
        100, ge=1, description="Attestations of a member that hold at a time"
    )
    payout_clearances_waiting_max_count: int = Field(
        100, ge=1, description="Clearances of a community's payouts that may wait for another person"
    )
    sanctions_lists_waiting_max_count: int = Field(
        3, ge=1, description="Sanctions lists of a community that may wait for another person"
    )
    sanctions_lists_kept_count: int = Field(
        10,
        ge=1,
        description="Sanctions lists of a community whose entries are kept: the newest that were in force",
    )
    sanctions_list_entries_max_count: int = Field(30_000, ge=1, description="Names of one sanctions list")
    sanctions_looked_at_once_max_count: int = Field(
        200, ge=1, description="Payouts that are looked at by a new sanctions list in one transaction"
    )
    payout_request_seconds: float = Field(
        10.0, ge=0, description="How long a request works at a run before it answers and a timer goes on"
    )
    ledger_block_max_count: int = Field(
        1_000,
        ge=1,
        le=10_000,
        description="Entries after which a block of the ledger is full; transfers are not divided",
    )
    ledger_check_seconds: float = Field(300.0, gt=0, description="How long each part of a ledger check may take")
    ledger_watch_share: float = Field(
        0.1,
        gt=0,
        le=1,
        description="In which share of the time the books are checked, one community after the other and again",
    )
    report_seconds: float = Field(
        30.0, gt=0, description="How long each of the questions may take that a report is made of"
    )
    liability_seconds: float = Field(
        60.0,
        gt=0,
        description="How long each of the questions may take by which it is computed what points are worth",
    )
    liability_vintages_max_count: int = Field(
        120,
        ge=4,
        le=600,
        description="Months or years by which points are told apart that are owed; older ones are of the oldest",
    )
    liability_policies_waiting_max_count: int = Field(
        20, ge=1, description="Policy entries of a community that may wait for another person"
    )
    rate_policies_waiting_max_count: int = Field(
        20, ge=1, description="Policies of rates of a community that may wait for another person"
    )
    rate_sheets_a_day_max_count: int = Field(
        24, ge=1, description="Files of rates that a community may hand in within a day"
    )
    rates_warn_days: int = Field(
        1, ge=0, le=366, description="How many days before rates are too old to be used that is told"
    )
    provider_refresh_seconds: float = Field(
        120.0, gt=0, le=600, description="How long a provider of goods may take to say all that it has"
    )
    provider_refresh_hours: int = Field(
        24, ge=1, le=720, description="Hours after which a provider is asked again for what it has, once it was"
    )
    provider_refreshes_max_count: int = Field(
        2, ge=1, le=16, description="Providers asked at once for what they have, of all communities"
    )
    provider_products_max_count: int = Field(
        10_000, ge=1, le=100_000, description="Products of one account at a provider; a longer list is refused"
    )
    quote_seconds: float = Field(
        900.0, ge=60, le=86_400, description="How long a quote of a gift card holds whose price follows a rate"
    )
    requote_max_percent: int = Field(
        10,
        ge=0,
        le=1_000,
        description="How much more than its quote a provider may want once that is over, or nothing is ordered",
    )
    quotes_keep_days: int = Field(
        30, ge=1, description="Days after which a quote that is over is forgotten; what was redeemed at it is kept"
    )
    journal_seconds: float = Field(
        60.0, gt=0, description="How long it may take to add up what was booked, for a journal or a trial balance"
    )
    journal_days_max_count: int = Field(
        400, ge=31, le=4_000, description="Days of one journal for the general ledger"
    )
    journal_settle_seconds: int = Field(
        300, ge=0, description="How long after its end a day is over for exports to the general ledger"
    )
    account_mappings_waiting_max_count: int = Field(
        20, ge=1, description="Mappings to accounts of the general ledger that may wait for another person"
    )
    period_settle_seconds: float = Field(
        10.0, gt=0, description="How long closing a month waits for what is being booked just then"
    )
    period_close_days: int = Field(
        15, ge=1, le=366, description="Days after a month's end from which one that is not closed is overdue"
    )
    debt_entries_max_count: int = Field(
        200, ge=1, le=10_000, description="Newest entries by which it is said how old a member's debt is"
    )
    debt_overdue_days: int = Field(
        90, ge=1, le=3_660, description="Days for which a member owes points from which that is overdue"
    )
    write_offs_waiting_max_count: int = Field(
        100, ge=1, description="Write-offs of a community's debts that may wait for another person"
    )
    clawback_policies_waiting_max_count: int = Field(
        20, ge=1, description="Clawback policies of a community that may wait for another person"
    )
    wallets_max_count: int = Field(
        200, ge=1, le=2_000, description="Wallets that a community may have, closed ones too"
    )
    wallets_depth_max_count: int = Field(
        4, ge=1, le=10, description="Wallets from the top of a tree to its lowest: each allots to those below it"
    )
    wallet_moves_csv_max_count: int = Field(
        100_000, ge=1, le=1_000_000, description="Moves of a wallet that one table takes; a longer one is refused"
    )
    wallet_decisions_waiting_max_count: int = Field(
        100, ge=1, description="Decisions about a community's wallets that may wait for another person"
    )
    payout_execution_days: int = Field(
        1,
        ge=0,
        le=30,
        description="Bank days from the one on which the bank receives the file to its execution date",
    )
    bank_time_zone: Annotated[str, AfterValidator(_known_zone)] = Field(
        "Europe/Berlin", description="The payer's bank counts its days in this zone"
    )
    bank_cutoff: time = Field(
        time(14), description="A bank file written from then on counts as received on the next bank day"
    )

    @field_validator("voucher_keys")
    @classmethod
    def _are_voucher_keys(cls, value: str) -> str:
        voucher_keys(value)
        return value
