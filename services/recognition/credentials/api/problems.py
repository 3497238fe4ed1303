"""The kinds of problem that routes of credentials answer."""

from shared.http import ProblemType

CREDENTIALS_NOT_SET_UP = ProblemType("credentials-not-set-up", 409, "No badge can be taken away here yet")
CREDENTIAL_REVOKED = ProblemType("credential-revoked", 409, "The credential is revoked")
ISSUER_KEYS_ENOUGH = ProblemType("issuer-keys-enough", 409, "The issuer has as many keys as one may have")
UNKNOWN_ISSUER_KEY = ProblemType("unknown-issuer-key", 404, "The issuer has no such key")
UNKNOWN_CREDENTIAL = ProblemType("unknown-credential", 404, "There is no such credential, issuer or list")
