"""The wiring of rewards."""

from services.rewards.bank_checks import api as bank_checks
from services.rewards.bank_checks.handlers import check_banks
from services.rewards.books import api as books
from services.rewards.books.handlers import fold
from services.rewards.catalogue.api import offers, pictures, rewards
from services.rewards.catalogue.handlers import count_low
from services.rewards.chain import api as chain_api
from services.rewards.chain.handlers import chain
from services.rewards.checks import api as checks
from services.rewards.checks.handlers import ASKED_EVERY_SECONDS, check_all, check_asked
from services.rewards.clawbacks import api as clawback_policies
from services.rewards.clawbacks.handlers import READ_BACK as CLAWBACKS_READ_BACK
from services.rewards.costs.handlers import READ_BACK as COSTS_READ_BACK
from services.rewards.debts import api as debts
from services.rewards.debts.handlers import tidy_debts
from services.rewards.draws import api as draws
from services.rewards.draws.handlers import FOLLOWED_COMMUNITIES, freeze_due, on_programmes
from services.rewards.erasure import api as erasure
from services.rewards.erasure.handlers import FOLLOWED_MEMBERS, LOOK_AFTER_EVERY_SECONDS, look_after
from services.rewards.expiring import api as expiring
from services.rewards.expiring.handlers import warn_of_expiry
from services.rewards.finding import api as finding
from services.rewards.general_ledger.api import exports as journal_exports
from services.rewards.general_ledger.api import mappings as account_mappings
from services.rewards.general_ledger.handlers import READ_BACK as MAPPINGS_READ_BACK
from services.rewards.general_ledger.handlers import count_mappings_waiting
from services.rewards.gifts.handlers import FOLLOWED_GRANTS
from services.rewards.journals import api as journals
from services.rewards.journals.handlers import READ_BACK as JOURNALS_READ_BACK
from services.rewards.ledger.api import members
from services.rewards.liability.api import policies as liability_policies
from services.rewards.liability.api import worth as liability
from services.rewards.liability.handlers import READ_BACK as LIABILITY_READ_BACK
from services.rewards.liability.handlers import take_next_day
from services.rewards.links import api as reward_links
from services.rewards.lots.handlers.upkeep import expire_points, mature_points
from services.rewards.orders import api as orders
from services.rewards.orders.handlers.working import EVERY_SECONDS as ORDERED_EVERY_SECONDS
from services.rewards.orders.handlers.working import count_standstill, order_goods
from services.rewards.payouts import api as payouts
from services.rewards.payouts.attestations import api as attestations
from services.rewards.payouts.attestations.handlers.told import READ_BACK as ATTESTATIONS_READ_BACK
from services.rewards.payouts.clearances import api as clearances
from services.rewards.payouts.clearances.handlers import READ_BACK as CLEARANCES_READ_BACK
from services.rewards.payouts.fees import api as fees
from services.rewards.payouts.fees.handlers import EVERY_SECONDS as FEES_EVERY_SECONDS
from services.rewards.payouts.fees.handlers import ask_for_fees
from services.rewards.payouts.findings import api as findings
from services.rewards.payouts.findings.handlers.looking import count_findings, look_by_new_lists
from services.rewards.payouts.holds import api as payout_holds
from services.rewards.payouts.holds.handlers.deciding import count_holds
from services.rewards.payouts.holds.handlers.told import READ_BACK as HOLDS_READ_BACK
from services.rewards.payouts.links import handlers as links
from services.rewards.payouts.outcomes import api as outcomes
from services.rewards.payouts.outcomes.handlers import count_waiting
from services.rewards.payouts.payees import api as payees
from services.rewards.payouts.policies import api as payout_policies
from services.rewards.payouts.policies.handlers import READ_BACK as PAYOUT_POLICIES_READ_BACK
from services.rewards.payouts.preview import api as preview
from services.rewards.payouts.receivers import api as receivers
from services.rewards.payouts.receivers.handlers import seal_receivers_anew
from services.rewards.payouts.remittances import api as remittances
from services.rewards.payouts.remittances.handlers.working import EVERY_SECONDS as REMITTED_EVERY_SECONDS
from services.rewards.payouts.remittances.handlers.working import count_standstill as count_remittances
from services.rewards.payouts.remittances.handlers.working import remit, take_up_runs
from services.rewards.payouts.review import api as review
from services.rewards.payouts.runs.api import routes as runs
from services.rewards.payouts.runs.handlers.pieces import carry_on_runs
from services.rewards.payouts.sanctions import api as sanctions
from services.rewards.payouts.sanctions.handlers import READ_BACK as SANCTIONS_READ_BACK
from services.rewards.payouts.schedules import api as schedules
from services.rewards.payouts.schedules.handlers import READ_BACK as SCHEDULES_READ_BACK
from services.rewards.payouts.schedules.handlers import prepare_scheduled
from services.rewards.payouts.totals import api as totals
from services.rewards.payouts.waits import api as waits
from services.rewards.periods import api as periods
from services.rewards.periods.handlers import READ_BACK as PERIODS_READ_BACK
from services.rewards.periods.handlers import count_overdue
from services.rewards.problems import ERRORS
from services.rewards.products import api as products
from services.rewards.products.handlers import EVERY_SECONDS as REFRESHED_EVERY_SECONDS
from services.rewards.products.handlers import count_gone, refresh_products
from services.rewards.providers import api as providers
from services.rewards.providers.handlers.accounts import seal_accounts_anew
from services.rewards.quotes import api as quotes
from services.rewards.quotes.handlers.asking import EVERY_SECONDS as QUOTED_EVERY_SECONDS
from services.rewards.quotes.handlers.asking import ask_for_quotes
from services.rewards.quotes.handlers.pricing import quote_cards
from services.rewards.rates.api import policies as rate_policies
from services.rewards.rates.api import rates
from services.rewards.rates.handlers import READ_BACK as RATES_READ_BACK
from services.rewards.rates.handlers import count_rates
from services.rewards.reconciliation import api as reconciliation
from services.rewards.reconciliation.handlers import NOTED_EVERY_SECONDS, count_open, note_matched
from services.rewards.recounts.handlers import recount_awards
from services.rewards.redemptions.api import own as own_redemptions
from services.rewards.redemptions.api import routes as redemptions
from services.rewards.redemptions.handlers.ending import expire_reservations
from services.rewards.refunds.api import receipts
from services.rewards.refunds.api import routes as refunds
from services.rewards.refunds.handlers.waiting import count_refunds_waiting
from services.rewards.reports import api as reports
from services.rewards.restoring.handlers import READ_BACK
from services.rewards.sends.api import routes as sends
from services.rewards.sends.handlers.running import carry_on_sends, look_after_sends
from services.rewards.settings import Settings
from services.rewards.shipping.api import own as own_goods
from services.rewards.shipping.api import queue as goods
from services.rewards.shipping.handlers.addresses import count_waiting as count_goods_waiting
from services.rewards.shipping.handlers.addresses import look_after_addresses
from services.rewards.suspensions.handlers import FOLLOWED_SUSPENSIONS
from services.rewards.vouchers import api as vouchers
from services.rewards.vouchers.handlers.codes import seal_anew
from services.rewards.wallets.api import routes as wallets
from services.rewards.wallets.handlers.awarding import on_awards
from services.rewards.wallets.handlers.campaigns import pay_campaigns
from services.rewards.wallets.handlers.deciding import count_wallets
from services.rewards.wallets.handlers.moving import free_expired
from services.rewards.wallets.handlers.told import READ_BACK as WALLETS_READ_BACK
from services.rewards.watches.handlers import WATCH_EVERY_SECONDS, watch
from services.rewards.write_offs import api as write_offs
from services.rewards.write_offs.handlers.deciding import count_write_offs_waiting
from services.rewards.write_offs.handlers.told import READ_BACK as WRITE_OFFS_READ_BACK
from shared.access_keys import FOLLOWED_ACCESS_KEYS, FOLLOWED_PEOPLE
from shared.consumer import Subscription
from shared.contracts.facts import POINTS_AWARDED, PROGRAMME_PUBLISHED
from shared.followed_audiences import FOLLOWED_AUDIENCES
from shared.followed_members import WATCH_ERASED_EVERY_SECONDS, watch_erased
from shared.recounts import RECOUNT_EVERY_SECONDS
from shared.service import Errand, ServiceSpec, Timer, run
from shared.topics import POINTS, PROGRAMMES
from shared.webhooks import FOLLOWED_WEBHOOKS

SPEC = ServiceSpec(
    name="rewards",
    description="The ledger of points and money: balances, catalogue, redemptions, payouts and bank files.",
    settings=Settings,
    subscriptions=[
        FOLLOWED_ACCESS_KEYS,
        FOLLOWED_PEOPLE,
        FOLLOWED_WEBHOOKS,
        FOLLOWED_COMMUNITIES,
        Subscription(PROGRAMMES, PROGRAMME_PUBLISHED.adapter, on_programmes),
        FOLLOWED_MEMBERS,
        FOLLOWED_AUDIENCES,
        Subscription(POINTS, POINTS_AWARDED.adapter, on_awards),
        FOLLOWED_GRANTS,
        FOLLOWED_SUSPENSIONS,
    ],
    routers=[
        part.router
        for part in (
            *(
                members,
                erasure,
                payees,
                offers,
                finding,
                rewards,
                pictures,
                vouchers,
                redemptions,
                own_redemptions,
            ),
            *(refunds, receipts, goods, own_goods),
            *(reward_links, sends, providers, orders, payouts, payout_holds, runs, preview, review, outcomes),
            *(schedules, receivers, remittances, fees),
            *(payout_policies, sanctions, findings, clearances, attestations, waits, totals),
            *(reconciliation, bank_checks, checks, books, chain_api, draws, periods, journals, reports),
            *(wallets, expiring, debts, write_offs, clawback_policies),
            *(liability_policies, liability, account_mappings, journal_exports),
            *(rate_policies, rates, quotes, products),
        )
    ],
    problems=ERRORS,
    timers=[
        Timer("watch-erased", every_seconds=WATCH_ERASED_EVERY_SECONDS, run=watch_erased),
        Timer("expire-reservations", every_seconds=10, run=expire_reservations),
        Timer("freeze-draws", every_seconds=5, run=freeze_due),
        Timer("mature-points", every_seconds=10, run=mature_points),
        Timer("warn-of-expiry", every_seconds=60, run=warn_of_expiry),
        Timer("expire-points", every_seconds=60, run=expire_points),
        Timer("take-up-remittances", every_seconds=1, run=take_up_runs),
        Timer("count-remittances-open", every_seconds=10, run=count_remittances),
        Timer("seal-receivers-anew", every_seconds=60, run=seal_receivers_anew),
        Timer("carry-on-runs", every_seconds=1, run=carry_on_runs),
        Timer("prepare-scheduled-runs", every_seconds=10, run=prepare_scheduled),
        Timer("count-payout-holds", every_seconds=60, run=count_holds),
        Timer("look-by-new-sanctions-lists", every_seconds=1, run=look_by_new_lists),
        Timer("count-payout-findings", every_seconds=60, run=count_findings),
        Timer("count-outcomes-waiting", every_seconds=60, run=count_waiting),
        Timer("count-bank-lines-open", every_seconds=60, run=count_open),
        Timer("check-banks", every_seconds=60, run=check_banks),
        Timer("look-after-erasures", every_seconds=LOOK_AFTER_EVERY_SECONDS, run=look_after),
        Timer("seal-codes-anew", every_seconds=60, run=seal_anew),
        Timer("seal-provider-accounts-anew", every_seconds=60, run=seal_accounts_anew),
        Timer("count-orders-open", every_seconds=10, run=count_standstill),
        Timer("count-refunds-waiting", every_seconds=60, run=count_refunds_waiting),
        Timer("look-after-addresses", every_seconds=60, run=look_after_addresses),
        Timer("count-goods-waiting", every_seconds=60, run=count_goods_waiting),
        Timer("count-rewards-low", every_seconds=60, run=count_low),
        Timer("carry-on-sends", every_seconds=1, run=carry_on_sends),
        Timer("look-after-sends", every_seconds=60, run=look_after_sends),
        Timer("free-reservations", every_seconds=10, run=free_expired),
        Timer("pay-campaigns", every_seconds=5, run=pay_campaigns),
        Timer("count-wallets", every_seconds=60, run=count_wallets),
        Timer("tidy-debts", every_seconds=60, run=tidy_debts),
        Timer("count-write-offs-waiting", every_seconds=60, run=count_write_offs_waiting),
        Timer("fold-sums", every_seconds=60, run=fold),
        Timer("chain-entries", every_seconds=1, run=chain),
        Timer("count-mappings-waiting", every_seconds=60, run=count_mappings_waiting),
        Timer("take-liability", every_seconds=60, run=take_next_day),
        Timer("quote-cards", every_seconds=5, run=quote_cards),
        Timer("count-products-gone", every_seconds=60, run=count_gone),
        Timer("count-rates", every_seconds=60, run=count_rates),
        Timer("count-overdue-periods", every_seconds=600, run=count_overdue),
        Timer("check-ledger", every_seconds=3600, run=check_all),
        Timer("recount-awards", every_seconds=RECOUNT_EVERY_SECONDS, run=recount_awards),
    ],
    errands=[
        Errand("watch-books", every_seconds=WATCH_EVERY_SECONDS, run=watch),
        Errand("check-asked", every_seconds=ASKED_EVERY_SECONDS, run=check_asked),
        Errand("order-goods", every_seconds=ORDERED_EVERY_SECONDS, run=order_goods),
        Errand("remit-payouts", every_seconds=REMITTED_EVERY_SECONDS, run=remit),
        Errand("ask-for-fees", every_seconds=FEES_EVERY_SECONDS, run=ask_for_fees),
        Errand("ask-for-quotes", every_seconds=QUOTED_EVERY_SECONDS, run=ask_for_quotes),
        Errand("refresh-products", every_seconds=REFRESHED_EVERY_SECONDS, run=refresh_products),
        Errand("note-bank-lines", every_seconds=NOTED_EVERY_SECONDS, run=note_matched),
    ],
    # A journal is booked into its month before that is known to be closed.
    read_back=(
        *LIABILITY_READ_BACK,
        *MAPPINGS_READ_BACK,
        *RATES_READ_BACK,
        *PAYOUT_POLICIES_READ_BACK,
        *SCHEDULES_READ_BACK,
        *SANCTIONS_READ_BACK,
        *WALLETS_READ_BACK,
        *CLAWBACKS_READ_BACK,
        *READ_BACK,
        *COSTS_READ_BACK,
        *WRITE_OFFS_READ_BACK,
        *HOLDS_READ_BACK,
        *CLEARANCES_READ_BACK,
        *ATTESTATIONS_READ_BACK,
        *links.READ_BACK,
        *JOURNALS_READ_BACK,
        *PERIODS_READ_BACK,
    ),
)

if __name__ == "__main__":
    run(SPEC)
