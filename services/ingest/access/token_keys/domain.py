"""Which key signs tokens when."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.access_keys.tokens import TOKEN_MAX_SECONDS
from shared.signatures import SigningKeys, derived_keys, key_id_of

#: The key of a period verifies for as long after it as its last token lasts, and a minute for clocks that differ.
VERIFIES_AFTER = timedelta(seconds=TOKEN_MAX_SECONDS + 60)
#: How many keys a period may have at most.
GENERATIONS_MAX_COUNT = 1_000


@dataclass(frozen=True)
class TokenKey:
    """What verifies the tokens of a key, and until when; the key itself is stored nowhere."""

    kid: str
    public_key: str
    not_after: datetime

    def outlives_token_of(self, now: datetime) -> bool:
        """Whether a token that is signed now ends before the key does."""
        return self.not_after >= now + timedelta(seconds=TOKEN_MAX_SECONDS)


@dataclass(frozen=True)
class Period:
    """A time for which one key signs; they follow one another without a gap."""

    number: int
    seconds: int

    @classmethod
    def at(cls, now: datetime, seconds: int) -> "Period":
        """The period of a moment."""
        return cls(int(now.timestamp()) // seconds, seconds)

    @property
    def next(self) -> "Period":
        """The period after it."""
        return Period(self.number + 1, self.seconds)

    def keys(self, signing_key: str, generation: int = 0) -> SigningKeys:
        """The pair of the period: the same for whoever has the signing key.

        A further generation is for a period whose key was ended before its time, and is needed again.
        """
        return derived_keys(
            signing_key, f"plaudit tokens, period {self.number} of {self.seconds} s, generation {generation}"
        )

    def token_key(self, signing_key: str, generation: int = 0) -> TokenKey:
        """What verifies the period's tokens."""
        public = self.keys(signing_key, generation).verifying_key
        ends_at = datetime.fromtimestamp((self.number + 1) * self.seconds, UTC)
        return TokenKey(key_id_of(public), public, ends_at + VERIFIES_AFTER)
