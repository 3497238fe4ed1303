"""Where the services are that a command speaks to, and with which key: options, environment, a profile, a stack.

What stands on the command line goes before the environment, and the environment before the local stack `default`.
Within each, an address (`--url`, PLAUDIT_URL) goes before a profile, and a profile before a stack. A key that is
kept for a place goes to that place alone.
"""

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from plaudit import access
from plaudit.access import Office
from plaudit.broker.options import LOGIN, LOGIN_NAMES, broker_of
from plaudit.profiles import Profile, addresses, load_profile, said_addresses
from plaudit.stack.state import StackState, load_state
from shared.broker import Broker, Mechanism

DEFAULT_STACK = "default"
KINDS = ("url", "profile", "stack")
#: The community of a local stack, for whoever names none.
LOCAL_COMMUNITY = "demo"

F = TypeVar("F", bound=Callable[..., Any])
Option = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass(frozen=True)
class Place:
    """One installation as a command sees it. `name` says in words which; `state` is there for a local stack."""

    name: str
    urls: Mapping[str, str] = field(default_factory=dict)
    key: str | None = field(default=None, repr=False)
    admin_key: str | None = field(default=None, repr=False)
    community: str | None = None
    kafka: str | None = None
    profile: Profile | None = field(default=None, repr=False)
    state: StackState | None = field(default=None, repr=False)

    def url(self, service: str) -> str:
        """The base URL of a service. Raises ClickException when nobody said it."""
        if service not in self.urls:
            raise click.ClickException(f"{self.name} does not say where {service} is: give --url {service}=URL")
        return self.urls[service]

    @property
    def office(self) -> Office:
        """Where people and keys are administered: with the key that was said or is kept, else as the local stack's
        administrator, else with the bootstrap key. Raises ClickException without any."""
        if self.key:
            return Office(self.url("ingest"), self.key)
        if self.state:
            return access.local_people(self.state).office
        if self.admin_key:
            return Office(self.url("ingest"), self.admin_key)
        raise click.ClickException(
            f"{self.name} has no administrator's key: give --key, PLAUDIT_KEY, or a profile that keeps one; "
            "the first person is added with the bootstrap key: --admin-key, PLAUDIT_ADMIN_KEY"
        )

    @property
    def its_community(self) -> str:
        """The community that is meant. Raises ClickException when nobody said which."""
        if self.community is None:
            raise click.ClickException(f"Say which community of {self.name} you mean: --community")
        return self.community

    @contextlib.contextmanager
    def access(self, purpose: str, scopes: Sequence[str], services: Iterable[str]) -> Iterator[str]:
        """A key to work with: as it was said or is kept, else one of the local stack's for this block alone."""
        if self.key:
            yield self.key
        elif self.state:
            with access.temporary_key(self.state, self.its_community, purpose, scopes, services) as key:
                yield key
        else:
            raise click.ClickException(
                f"Say which access key to use at {self.name}: --key, PLAUDIT_KEY, or a profile that keeps one "
                "(`plaudit profile add`)"
            )


@dataclass(frozen=True)
class Where:
    """What was said about where: each value, and the names of those that stand on the command line."""

    url: tuple[str, ...] = ()
    key: str | None = None
    admin_key: str | None = None
    kafka: str | None = None
    kafka_user: str | None = None
    kafka_password: str | None = field(default=None, repr=False)
    kafka_mechanism: Mechanism | None = None
    kafka_tls: bool | None = None
    kafka_ca_file: str | None = None
    profile: str | None = None
    stack: str | None = None
    community: str | None = None
    commanded: frozenset[str] = frozenset()

    def place(self) -> Place:
        """The place that is meant. Raises ClickException or StackError when there is no such place."""
        said = [name for name in KINDS if name in self.commanded]
        if len(said) > 1:
            options = " and ".join(f"--{name}" for name in said)
            raise click.UsageError(f"{options} are two places: say one of them.")
        chosen = said[0] if said else next((name for name in KINDS if getattr(self, name)), "stack")
        found = {"url": self._at_address, "profile": self._of_profile, "stack": self._of_stack}[chosen]()
        # A stack's own secrets are its services' too: the environment may hold those of others.
        is_fixed = found.state is not None or (chosen == "profile" and bool(said))
        return replace(
            found,
            key=self._said("key", found.key, is_fixed=chosen != "url" and bool(said)),
            admin_key=self._said("admin_key", found.admin_key, is_fixed=is_fixed),
            kafka=self._said("kafka", found.kafka, is_fixed=is_fixed),
            community=self._said("community", found.community, is_fixed=is_fixed)
            or (LOCAL_COMMUNITY if found.state else None),
        )

    def broker(self) -> Broker:
        """Kafka, for its administrator, which needs no other place. Raises ClickException when nobody said where.

        A login that is kept for a place goes to that place alone; a local stack has its own.
        """
        if self.kafka and ("kafka" in self.commanded or not {"profile", "stack"} & self.commanded):
            return broker_of(self.kafka, **{name: getattr(self, name) for name in LOGIN_NAMES})
        place = self.place()
        if place.state:
            return place.state.broker
        if not place.kafka:
            raise click.ClickException(f"{place.name} does not say where Kafka is: give --kafka HOST:PORT")
        is_fixed = "profile" in self.commanded
        login: dict[str, Any] = {
            name: self._said(name, getattr(place.profile, name, None), is_fixed=is_fixed) for name in LOGIN_NAMES
        }
        return broker_of(place.kafka, **login)

    def _said(self, name: str, kept: Any, *, is_fixed: bool) -> Any:
        """What the command line says, else what is kept; the environment comes between unless it `is_fixed`."""
        said = getattr(self, name)
        if name in self.commanded:
            return said
        if is_fixed:
            return kept or (said if name == "community" else None)
        return said or kept

    def _at_address(self) -> Place:
        try:
            urls = addresses(said_addresses(self.url))
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--url") from error
        return Place(" ".join(dict.fromkeys(urls.values())), urls)

    def _of_profile(self) -> Place:
        name = str(self.profile)
        kept = load_profile(name)
        return Place(
            f"profile {name!r}", kept.urls, kept.key, kept.admin_key, kept.community, kept.kafka, profile=kept
        )

    def _of_stack(self) -> Place:
        state = load_state(self.stack or DEFAULT_STACK)
        return Place(
            f"stack {state.name!r}",
            state.service_urls,
            admin_key=state.admin_key,
            kafka=state.kafka,
            state=state,
        )


URL = click.option(
    "--url",
    multiple=True,
    envvar="PLAUDIT_URL",
    show_envvar=True,
    metavar="URL|SERVICE=URL",
    help="Where the services are: one address for all, {service} standing for the name, or one for each; repeat",
)
KEY = click.option("--key", envvar="PLAUDIT_KEY", show_envvar=True, help="The access key to use")
ADMIN_KEY = click.option(
    "--admin-key",
    envvar="PLAUDIT_ADMIN_KEY",
    show_envvar=True,
    help="The bootstrap key, which adds the first people and issues their first keys",
)
#: Kafka and the login there: for commands of its administrator.
KAFKA = (
    click.option(
        "--kafka", envvar="PLAUDIT_KAFKA", show_envvar=True, metavar="HOST:PORT", help="Kafka's bootstrap servers"
    ),
    *LOGIN,
)
PROFILE = click.option(
    "--profile",
    envvar="PLAUDIT_PROFILE",
    show_envvar=True,
    help="An installation of `plaudit profile list`, with its keys",
)
STACK = click.option(
    "--stack",
    envvar="PLAUDIT_STACK",
    show_envvar=True,
    help="A local stack  [default: default]",
)
COMMUNITY = click.option(
    "--community",
    envvar="PLAUDIT_COMMUNITY",
    show_envvar=True,
    help="The community that is meant  [default: the profile's; demo at a local stack]",
)


def where_options(*options: Option) -> Callable[[F], F]:
    """The `options` that say where, beside --profile and --stack; they reach the command as one `where`."""

    def decorate(command: F) -> F:
        @functools.wraps(command)
        @click.pass_context
        def with_where(context: click.Context, /, **arguments: Any) -> Any:
            said = {name: arguments.pop(name) for name in tuple(arguments) if name in Where.__dataclass_fields__}
            commanded = frozenset(
                name for name in said if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
            )
            return command(where=Where(**said, commanded=commanded), **arguments)

        wrapped: Any = with_where
        for option in reversed((*options, PROFILE, STACK)):
            wrapped = option(wrapped)
        return wrapped  # type: ignore[no-any-return]

    return decorate
