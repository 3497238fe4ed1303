"""The console's application: its pages, and what stands around them."""

import asyncio
from collections import Counter

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from console.asking import Services
from console.frame.communities import CommunityTitles
from console.frame.rendering import Templates
from console.frame.security import Guard
from console.frame.static import load_static, serve_static
from console.frame.visits import Console, install_errors
from console.pages.account import routes as account
from console.pages.alerts import routes as alerts
from console.pages.audit import routes as audit
from console.pages.badges import of_members as badges_of_members
from console.pages.badges import routes as badges
from console.pages.bank import checks as bank_checks
from console.pages.bank import routes as bank
from console.pages.boards import of_everybody as boards_of_everybody
from console.pages.boards import of_members as boards_of_members
from console.pages.boards import routes as boards
from console.pages.by_hand import routes as by_hand
from console.pages.campaigns import routes as campaigns
from console.pages.cards import routes as cards
from console.pages.catalogue import links as reward_links
from console.pages.catalogue import routes as catalogue
from console.pages.celebrations import routes as celebrations
from console.pages.check_ins import routes as check_ins
from console.pages.claims import routes as claims
from console.pages.closing import routes as closing
from console.pages.community import routes as community
from console.pages.connectors import routes as connectors
from console.pages.content import routes as content
from console.pages.credentials import routes as credentials
from console.pages.dead_letters import routes as dead_letters
from console.pages.debts import policies as clawback_policies
from console.pages.debts import routes as debts
from console.pages.debts import write_offs
from console.pages.decisions import routes as decisions
from console.pages.digests import routes as digests
from console.pages.draws import routes as draws
from console.pages.embeds import framed
from console.pages.embeds import routes as embeds
from console.pages.embeds.lately import Lately
from console.pages.explorer import routes as explorer
from console.pages.figures import routes as figures
from console.pages.general_ledger import mappings as account_mappings
from console.pages.general_ledger import routes as general_ledger
from console.pages.gift_cards import routes as gift_cards
from console.pages.goals import routes as goals
from console.pages.guidelines import routes as guidelines
from console.pages.ideas import routes as ideas
from console.pages.insight import indicator
from console.pages.insight import routes as insight
from console.pages.journals import routes as journals
from console.pages.keys import routes as keys
from console.pages.kudos import routes as kudos
from console.pages.leaderboard import routes as leaderboard
from console.pages.ledger import routes as ledger
from console.pages.levels import routes as levels
from console.pages.liability import policies as liability_policies
from console.pages.liability import routes as liability
from console.pages.looks import routes as looks
from console.pages.me import routes as me
from console.pages.members import routes as members
from console.pages.messages import routes as messages
from console.pages.my_data import routes as my_data
from console.pages.my_guidelines import routes as my_guidelines
from console.pages.my_messages import routes as my_messages
from console.pages.my_payouts import routes as my_payouts
from console.pages.my_place import routes as my_place
from console.pages.my_rewards import cart as my_cart
from console.pages.my_rewards import goods as my_goods
from console.pages.my_rewards import receipts as my_receipts
from console.pages.my_rewards import routes as my_rewards
from console.pages.nominations import routes as nominations
from console.pages.nudges import routes as nudges
from console.pages.offers import routes as offers
from console.pages.overview import routes as overview
from console.pages.parts import routes as parts
from console.pages.payees import routes as payees
from console.pages.payout_holds import routes as payout_holds
from console.pages.payout_policies import clearances as payout_clearances
from console.pages.payout_policies import lists as payout_lists
from console.pages.payout_policies import on_file as payees_on_file
from console.pages.payout_policies import routes as payout_policies
from console.pages.payout_policies import totals as payout_totals
from console.pages.payout_runs import outcomes as payout_outcomes
from console.pages.payout_runs import routes as payout_runs
from console.pages.payout_schedules import routes as payout_schedules
from console.pages.people import routes as people
from console.pages.pipeline import routes as pipeline
from console.pages.programme import audiences, backtests, editing, keeping, restatements
from console.pages.programme import routes as programme
from console.pages.provider_payouts import routes as provider_payouts
from console.pages.quests import routes as quests
from console.pages.rates import routes as rates
from console.pages.receipts import routes as receipts
from console.pages.redemptions import routes as redemptions
from console.pages.refused import routes as refused
from console.pages.reports import routes as reports
from console.pages.sends import routes as sends
from console.pages.shipping import routes as shipping
from console.pages.sign_in import routes as sign_in
from console.pages.signals import routes as signals
from console.pages.statements import routes as statements
from console.pages.surveys import routes as surveys
from console.pages.topics import routes as topics
from console.pages.try_it import routes as try_it
from console.pages.views import routes as views
from console.pages.visitors import routes as visitors
from console.pages.waiting import routes as waiting
from console.pages.wallets import routes as wallets
from console.pages.webhooks import routes as webhooks
from console.settings import Settings
from console.sign_in.provider import Provider
from console.sign_in.sessions import Sessions
from console.sign_in.store import Database

FINANCE = (
    payout_schedules,
    *(
        payout_runs,
        payout_outcomes,
        bank_checks,
        bank,
        payees,
        redemptions,
        ledger,
        closing,
        journals,
        statements,
        reports,
    ),
    *(liability, liability_policies, rates, general_ledger, account_mappings, wallets),
    *(debts, write_offs, clawback_policies, payout_holds),
    *(payout_clearances, payees_on_file, payout_lists, payout_totals, payout_policies),
)
RUN_IT = (
    *(pipeline, dead_letters, connectors, webhooks, receipts, refused),
    *(people, keys, audit, parts, community, embeds),
)
OF_MEMBERS = (
    *(topics, me, my_place, my_rewards, my_receipts, my_goods, my_cart, claims, looks),
    *(my_payouts, my_guidelines, my_messages, my_data),
)
FOR_EVERYBODY = (visitors, boards_of_everybody, cards, framed)
PAGES = (
    *(
        sign_in,
        overview,
        insight,
        indicator,
        goals,
        decisions,
        digests,
        alerts,
        figures,
        leaderboard,
        explorer,
        try_it,
        account,
        views,
    ),
    *(
        members,
        messages,
        badges,
        badges_of_members,
        credentials,
        boards,
        boards_of_members,
        levels,
        celebrations,
        nudges,
        ideas,
        nominations,
        kudos,
        surveys,
        quests,
        draws,
        catalogue,
        reward_links,
        sends,
        offers,
        shipping,
        gift_cards,
        provider_payouts,
        by_hand,
        guidelines,
        campaigns,
        signals,
        content,
        check_ins,
        programme,
        audiences,
        backtests,
        restatements,
        editing,
        keeping,
        waiting,
        *FINANCE,
        *RUN_IT,
        *OF_MEMBERS,
        *FOR_EVERYBODY,
    ),
)


def create_app(settings: Settings, database: Database, services: Services) -> Starlette:
    """The application. Whoever makes it closes `database` and the client of `services`."""
    static = load_static()
    routes = [
        Route("/static/{name}", serve_static),
        Route("/livez", _livez),
        Route("/readyz", _readyz),
        *(route for part in PAGES for route in part.ROUTES),
    ]
    app = Starlette(routes=routes)
    # A redirect from a path with a slash too many would lead to whatever host the client names.
    app.router.redirect_slashes = False
    app.state.static = static
    app.state.database = database
    #: Live pages that are open, by person; they end once the process stops.
    app.state.streams = Counter[str]()
    app.state.lately = Lately()
    app.state.stopping = asyncio.Event()
    app.state.console = Console(
        settings=settings,
        services=services,
        sessions=Sessions(database, services, settings),
        provider=Provider(settings, database) if settings.oidc_issuer else None,
        templates=Templates(static),
        communities=CommunityTitles(),
        database=database,
    )
    install_errors(app)
    app.add_middleware(Guard, settings=settings)
    return app


async def _livez(_: Request) -> Response:
    return PlainTextResponse("ok\n")


async def _readyz(request: Request) -> Response:
    missing = [] if await request.app.state.database.answers() else ["PostgreSQL does not answer"]
    return JSONResponse({"ready": not missing, "missing": missing}, 503 if missing else 200)
