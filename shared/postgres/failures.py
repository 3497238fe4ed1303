"""Which failures of PostgreSQL pass by themselves."""

import asyncpg

#: Failures that pass by themselves: the same transaction is tried again. An InterfaceError is not one of them:
#: most are mistakes of ours (a wrong number of arguments), which would be tried again for ever.
TRANSIENT = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.TransactionRollbackError,  # deadlock, serialisation
    asyncpg.exceptions.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.exceptions.OperatorInterventionError,  # shutdown, starting up, cancelled
    asyncpg.exceptions.LockNotAvailableError,
    asyncpg.exceptions.IdleInTransactionSessionTimeoutError,
    asyncpg.exceptions.PostgresSystemError,
)

#: What ends work that asks for too much: a statement's time, here or in the database, or a wait for a lock.
TOOK_TOO_LONG = (TimeoutError, asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError)
