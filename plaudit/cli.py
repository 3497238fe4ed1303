"""The root of the `plaudit` command. A subcommand's module is imported when that subcommand is run, not before."""

import difflib
import importlib
from typing import Any, NamedTuple

import click

from plaudit import __version__
from plaudit.terminal import lines_written_out


class Subcommand(NamedTuple):
    """Where a subcommand lives, and its line in `plaudit --help`."""

    module: str
    attribute: str
    help: str


SUBCOMMANDS = {
    "up": Subcommand("plaudit.stack.commands", "up", "Start Kafka, PostgreSQL, the services and all else."),
    "down": Subcommand("plaudit.stack.commands", "down", "Stop the stack; its data stays."),
    "status": Subcommand("plaudit.stack.commands", "status", "Show each process of the stack."),
    "logs": Subcommand("plaudit.stack.commands", "logs", "Show the logs of the stack."),
    "reset": Subcommand("plaudit.stack.commands", "reset", "Delete the data of the stack."),
    "demo": Subcommand(
        "plaudit.demo", "demo", "See all of it at work, on real commits and a simulated community."
    ),
    "event": Subcommand("plaudit.event", "event", "Send events by hand, and see what became of them."),
    "import": Subcommand("plaudit.importers.commands", "import_", "Bring in what members did elsewhere."),
    "env": Subcommand("plaudit.environment", "env", "Print a local stack's address and a key, for a shell."),
    "url": Subcommand("plaudit.admin", "url_command", "Print where the services are, for scripts."),
    "profile": Subcommand("plaudit.profiles", "profile", "Keep where servers elsewhere are, and your keys there."),
    "programme": Subcommand(
        "plaudit.programme", "programme", "Write, publish and approve programmes; explain what they gave."
    ),
    "audience": Subcommand("plaudit.audience", "audience", "Look at audiences: who is in them, and who would be."),
    "award": Subcommand("plaudit.award", "award", "Give and take points by hand, approved by another person."),
    "badge": Subcommand(
        "plaudit.credential",
        "badge",
        "See badges and who holds them, give and take them back, take them away, and verify them.",
    ),
    "bank": Subcommand(
        "plaudit.bank", "bank", "Read what a bank answers, import it, decide of what matches no payout."
    ),
    "board": Subcommand("plaudit.board", "board", "See boards, who is on them, and results with prizes."),
    "debt": Subcommand("plaudit.debts", "debt", "See who owes points, and for how long."),
    "payout": Subcommand(
        "plaudit.payouts", "payout", "Stop single payouts, and decide what holds for all of them."
    ),
    "wallet": Subcommand("plaudit.wallets", "wallet", "Budgets of points and money, filled by two people."),
    "journal": Subcommand("plaudit.journals", "journal", "Book by hand on accounts of money, by two people."),
    "ledger": Subcommand(
        "plaudit.ledger", "ledger", "Check the ledger, verify its chain of blocks, export the books."
    ),
    "general-ledger": Subcommand(
        "plaudit.general_ledger", "general_ledger", "Hand days to the general ledger of finance, once."
    ),
    "liability": Subcommand(
        "plaudit.liability", "liability", "See what points are worth, and decide by which policy."
    ),
    "rate": Subcommand("plaudit.rate", "rate", "See rates between currencies, and decide by which policy."),
    "level": Subcommand(
        "plaudit.level", "level", "See members' levels, fix them by hand, take some to begin with."
    ),
    "streak": Subcommand("plaudit.streak", "streak", "Give members freezes of their streaks."),
    "quest": Subcommand(
        "plaudit.quest", "quest", "See quests and how far members are, join them and leave teams."
    ),
    "draw": Subcommand("plaudit.draw", "draw", "See draws and who won, and verify that it was by lot."),
    "reward": Subcommand(
        "plaudit.reward", "reward", "See and change the catalogue, import codes, make links that give rewards."
    ),
    "redemption": Subcommand(
        "plaudit.redemption", "redemption", "Refund redemptions, approve refunds, and see what became of each."
    ),
    "send": Subcommand("plaudit.send", "send", "Send a reward to each person on a list, members or by mail."),
    "campaign": Subcommand(
        "plaudit.campaign", "campaign", "See what campaigns spent of their budgets, and stop them."
    ),
    "signals": Subcommand("plaudit.signals", "signals", "See awards that are held, and release or deny them."),
    "message": Subcommand(
        "plaudit.message", "message", "Say what is sent to members, and see what became of each message."
    ),
    "content": Subcommand(
        "plaudit.content", "content", "See the best content, what nobody judged yet, and why one is as good."
    ),
    "figures": Subcommand(
        "plaudit.figures", "figures", "See growth, retention, answers and the scorecard of a community."
    ),
    "guidelines": Subcommand(
        "plaudit.guidelines", "guidelines", "Decide what was reported, and appeals; suspend members."
    ),
    "explain": Subcommand("plaudit.admin", "explain", "Explain a payout, back to the events it pays for."),
    "provision": Subcommand(
        "plaudit.provision", "provision_command", "Prepare a Kafka and PostgreSQL of your own."
    ),
    "rebuild": Subcommand(
        "plaudit.rebuilds.commands", "rebuild", "Build analytics anew beside the one that runs, and switch."
    ),
    "secrets": Subcommand(
        "plaudit.secrets", "secrets_command", "Make passwords and keys for servers of your own."
    ),
    "signing-key": Subcommand("plaudit.secrets", "signing_key", "Make a pair of keys that sign and verify facts."),
    "kafka-user": Subcommand(
        "plaudit.broker.commands", "kafka_user", "Make users at the broker, and show what each may do."
    ),
    "community": Subcommand(
        "plaudit.community", "community", "Declare communities: their time zone, currency and look."
    ),
    "connector": Subcommand(
        "plaudit.connector", "connector", "Show connectors to platforms, test them, and try deliveries."
    ),
    "webhook": Subcommand(
        "plaudit.webhook", "webhook", "Have facts delivered to other systems, and see what was delivered."
    ),
    "console": Subcommand("plaudit.console", "console", "Print a link that signs in at the console."),
    "celebrations": Subcommand(
        "plaudit.celebrations", "celebrations", "See what was celebrated, and the milestones of the programme."
    ),
    "nudge": Subcommand(
        "plaudit.nudge", "nudge", "See the nudges of the programme, what they do, and who got them."
    ),
    "survey": Subcommand("plaudit.survey", "survey", "See what surveys say, what members are asked, and answer."),
    "idea": Subcommand("plaudit.idea", "idea", "See what members suggest, vote for them, and go on with it."),
    "decision": Subcommand(
        "plaudit.decision", "decision", "Write down what is decided on figures, and look at it again."
    ),
    "nomination": Subcommand(
        "plaudit.nomination", "nomination", "Declare rounds of nominations, nominate and vote in them."
    ),
    "kudos": Subcommand("plaudit.kudos", "kudos", "See who thanked whom, and thank for a member."),
    "checkin": Subcommand("plaudit.checkin", "checkin", "Check members in who are there in person."),
    "embed": Subcommand("plaudit.embed", "embed", "Show a community on other sites: what to paste there."),
    "measure": Subcommand("plaudit.measuring", "measure", "Measure texts again by another model; show one."),
    "member": Subcommand("plaudit.member", "member", "Show members, join their identities, say what they are."),
    "people": Subcommand("plaudit.people", "people", "Add people, say what they are, and disable them."),
    "sign-in-link": Subcommand("plaudit.people", "sign_in_link", "Make a link that signs somebody in once."),
    "keys": Subcommand("plaudit.admin", "keys", "Issue, list, rotate and revoke access keys."),
    "audit": Subcommand("plaudit.audit", "audit", "Show who did what, and who read whose data."),
    "export": Subcommand(
        "plaudit.figures_export", "export", "Take figures along as a star schema: Parquet, CSV, and a database."
    ),
    "query": Subcommand("plaudit.query", "query", "Ask SQL about figures that were exported."),
    "report": Subcommand("plaudit.report", "report", "Make statements and months' ends as PDF, CSV and Parquet."),
    "period": Subcommand("plaudit.periods", "period", "Close months of the books, and open them again, by two."),
    "payout-runs": Subcommand(
        "plaudit.payout_runs", "payout_runs", "Make, approve and file payout runs, and see how far they are."
    ),
    "provider-payouts": Subcommand(
        "plaudit.provider_payouts",
        "provider_payouts",
        "See to payouts by PayPal, Wise, Stripe or the sandbox, and who is paid there.",
    ),
    "gift-card": Subcommand(
        "plaudit.gift_card", "gift_card", "Order gift cards at providers, and see to orders that are open."
    ),
    "sandbox-provider": Subcommand(
        "plaudit.sandbox_provider.commands",
        "sandbox_provider",
        "Run a provider of gift cards and payouts that moves nothing; tell it to fail.",
    ),
    "restore": Subcommand("plaudit.restore", "restore", "Look what a restore from a backup has left open."),
    "dlq": Subcommand("plaudit.dlq", "dlq", "List dead letters, and send them again after the fix."),
}


class Root(click.Group):
    """A group that knows its subcommands by name and imports them when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The subcommands in the order of their list."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the subcommand; None when there is none of this name."""
        if cmd_name not in SUBCOMMANDS:
            return None
        one = SUBCOMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(one.module), one.attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds the subcommand; an unknown one is answered with those that look like it."""
        name = args[0]
        if name not in SUBCOMMANDS and not name.startswith("-"):
            near = difflib.get_close_matches(name, SUBCOMMANDS, n=3, cutoff=0.6)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            ctx.fail(f"There is no command '{name}'.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of subcommands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.help) for name, one in SUBCOMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the subcommand; what the stack cannot do becomes a message that hides nothing, and exit code 1."""
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            error.message = lines_written_out(error.message)
            raise
        except (click.exceptions.Exit, click.Abort):
            raise
        except RuntimeError as error:
            from plaudit.stack.errors import StackError  # noqa: PLC0415 -- all of the stack comes with it, 150 ms

            if not isinstance(error, StackError):
                raise
            raise click.ClickException(lines_written_out(str(error))) from error


@click.group(
    cls=Root,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Example: plaudit up && plaudit status",
)
@click.version_option(__version__, prog_name="plaudit")
def main() -> None:
    """Engagement tracking, recognition, rewards and payouts: praise with an audit trail."""
