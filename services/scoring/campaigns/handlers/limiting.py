"""Following what wallets let campaigns come to."""

from typing import Annotated, Any

from pydantic import Discriminator, TypeAdapter

from services.scoring.campaigns.domain.books import CampaignKey
from services.scoring.campaigns.handlers.turning import close_portions
from services.scoring.campaigns.store import books as store
from services.scoring.campaigns.store import wallets as wallet_store
from services.scoring.campaigns.store.wallets import WalletLimit
from services.scoring.settings import Settings
from shared.consumer import Subscription
from shared.contracts.facts import WalletCampaignChanged, WalletChanged, WalletDecisionChanged, WalletMoved
from shared.topics import WALLETS
from shared.transaction import Transaction

WalletFact = WalletChanged | WalletMoved | WalletDecisionChanged | WalletCampaignChanged


async def on_wallets(tx: Transaction[Settings], facts: list[WalletFact]) -> None:
    """Keep what campaigns may come to by the wallets that pay them: from now on they spend no more.

    What was handed out of their budgets is called back, since it may be more.
    """
    newest: dict[CampaignKey, WalletLimit] = {}
    for fact in facts:
        if fact["type"] != "wallet.campaign_changed.v1":
            continue
        data = fact["data"]
        key = (fact["community"], data["campaign_id"])
        if key not in newest or newest[key].revision < data["revision"]:
            newest[key] = WalletLimit(key, data.get("limit_points"), data["revision"])
    if not newest:
        return
    # Who spends looks at it once the books are theirs.
    keys = sorted(newest)
    await store.lock_books(tx.conn, keys=keys)
    changed = await wallet_store.put_limits(tx.conn, [newest[key] for key in keys])
    await close_portions(tx.conn, keys=sorted(changed))


_ADAPTER: TypeAdapter[Any] = TypeAdapter(Annotated[WalletFact, Discriminator("type")])
FOLLOWED_WALLETS = Subscription(WALLETS, _ADAPTER, on_wallets)
