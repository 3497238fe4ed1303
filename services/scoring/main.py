"""The wiring of scoring."""

from services.scoring.audiences.api import router as audiences
from services.scoring.audiences.handlers import deciding
from services.scoring.audiences.handlers.deciding import DECIDER
from services.scoring.awards.api.routes import router as awards
from services.scoring.awards.handlers import restoring
from services.scoring.awards.handlers.of_content import give_for_content
from services.scoring.awards.handlers.rooms import settle_waiting
from services.scoring.awards.handlers.scoring import Scorer
from services.scoring.backtests.api import router as backtests
from services.scoring.backtests.handlers.processes import PROCESSES
from services.scoring.campaigns.api import router as campaigns
from services.scoring.campaigns.handlers import limiting
from services.scoring.campaigns.handlers import turning as campaigns_handlers
from services.scoring.guidelines.api.members import router as members_guidelines
from services.scoring.guidelines.api.routes import router as guidelines
from services.scoring.guidelines.handlers import folding as guideline_cases
from services.scoring.guidelines.handlers import telling as guideline_facts
from services.scoring.guidelines.handlers.listening import FOLLOWED_MEMBERS, Listener
from services.scoring.holds.api.routes import router as holds
from services.scoring.holds.handlers import following, looking
from services.scoring.manual import handlers as manual_handlers
from services.scoring.manual.api import router as manual
from services.scoring.prizes import handlers as prizes_handlers
from services.scoring.prizes.api import router as prizes
from services.scoring.problems import ERRORS
from services.scoring.programmes.api.drafts import router as drafts
from services.scoring.programmes.api.models import schemas
from services.scoring.programmes.api.routes import router as programmes
from services.scoring.programmes.api.rules import router as rules
from services.scoring.programmes.handlers import telling
from services.scoring.programmes.handlers.checking import CHECKER
from services.scoring.programmes.handlers.publishing import count_waiting
from services.scoring.programmes.handlers.telling import SIGN_ANEW_EVERY_SECONDS, sign_anew
from services.scoring.quality.api import router as content
from services.scoring.quality.handlers.trusting import weigh_due, work_out
from services.scoring.recounts.handlers import recount_awards
from services.scoring.restatements.api import router as restatements
from services.scoring.restatements.handlers.asking import watch as watch_restatements
from services.scoring.restatements.handlers.posting import post_next
from services.scoring.settings import Settings
from services.scoring.whatifs.api import router as what_if
from services.scoring.whatifs.handlers.trying import TRIALS
from shared.access_keys import FOLLOWED_ACCESS_KEYS, FOLLOWED_PEOPLE
from shared.consumer import Subscription
from shared.contracts.facts import ACCEPTED_EVENT
from shared.followed_communities import FOLLOWED_COMMUNITIES
from shared.followed_members import WATCH_ERASED_EVERY_SECONDS, watch_erased
from shared.recounts import RECOUNT_EVERY_SECONDS
from shared.service import ServiceSpec, Timer, run
from shared.topics import EVENTS
from shared.webhooks import FOLLOWED_WEBHOOKS

#: A piece at a time, so that batches have their turn between them.
SETTLE_EVERY_SECONDS = 0.5
DECIDE_EVERY_SECONDS = 1.0
LOOK_EVERY_SECONDS = 0.5
TRUST_EVERY_SECONDS = 2.0
BACKTESTS_EVERY_SECONDS = 1.0

scorer = Scorer()
listener = Listener(scorer)

SPEC = ServiceSpec(
    name="scoring",
    description="Turns events into points by the rules of a community's published programme.",
    settings=Settings,
    subscriptions=[
        FOLLOWED_ACCESS_KEYS,
        FOLLOWED_PEOPLE,
        FOLLOWED_WEBHOOKS,
        FOLLOWED_COMMUNITIES,
        FOLLOWED_MEMBERS,
        following.FOLLOWED_LINKS,
        prizes_handlers.FOLLOWED_GRANTS,
        limiting.FOLLOWED_WALLETS,
        Subscription(EVENTS, ACCEPTED_EVENT, listener.on_activities, prepare=scorer.prepare),
    ],
    routers=[
        *(programmes, drafts, rules, audiences, campaigns, content, awards, manual, prizes, backtests),
        *(restatements, what_if),
        *(holds, guidelines, members_guidelines),
    ],
    problems=ERRORS,
    timers=[
        Timer("watch-erased", every_seconds=WATCH_ERASED_EVERY_SECONDS, run=watch_erased),
        Timer("settle-claims", every_seconds=SETTLE_EVERY_SECONDS, run=settle_waiting),
        Timer("decide-audiences", every_seconds=DECIDE_EVERY_SECONDS, run=DECIDER.look),
        Timer("look-at-signals", every_seconds=LOOK_EVERY_SECONDS, run=looking.look),
        Timer("count-held", every_seconds=60, run=looking.count_held),
        Timer("sign-programmes-anew", every_seconds=SIGN_ANEW_EVERY_SECONDS, run=sign_anew),
        Timer("count-programmes-waiting", every_seconds=60, run=count_waiting),
        Timer("work-out-trust", every_seconds=TRUST_EVERY_SECONDS, run=work_out),
        Timer("weigh-judgements", every_seconds=DECIDE_EVERY_SECONDS, run=weigh_due),
        Timer("give-for-content", every_seconds=DECIDE_EVERY_SECONDS, run=give_for_content),
        Timer("count-campaigns", every_seconds=15, run=campaigns_handlers.count_not_giving),
        Timer("work-off-guidelines", every_seconds=SETTLE_EVERY_SECONDS, run=guideline_cases.work_off),
        Timer("count-cases-waiting", every_seconds=15, run=guideline_cases.count_waiting),
        Timer("count-manual-awards-waiting", every_seconds=60, run=manual_handlers.count_waiting),
        Timer("run-backtests", every_seconds=BACKTESTS_EVERY_SECONDS, run=PROCESSES.look),
        Timer("watch-restatements", every_seconds=BACKTESTS_EVERY_SECONDS, run=watch_restatements),
        Timer("post-restatements", every_seconds=SETTLE_EVERY_SECONDS, run=post_next),
        Timer("recount-awards", every_seconds=RECOUNT_EVERY_SECONDS, run=recount_awards),
    ],
    schemas=schemas,
    closing=[scorer.close, CHECKER.close, PROCESSES.close, TRIALS.close],
    read_back=[
        *telling.READ_BACK,
        *following.READ_BACK,
        *restoring.READ_BACK,
        *manual_handlers.READ_BACK,
        *prizes_handlers.READ_BACK,
        *deciding.READ_BACK,
        *campaigns_handlers.READ_BACK,
        *guideline_facts.READ_BACK,
    ],
)

if __name__ == "__main__":
    run(SPEC)
