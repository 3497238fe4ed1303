"""What recognition's own errors become when they reach its API: it has none, its routes only read."""

from shared.http import ErrorTable

ERRORS: ErrorTable = {}
