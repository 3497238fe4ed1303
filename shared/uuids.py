"""The UUID of the database driver: one of the standard library's in every respect, made in a tenth of the time."""

from asyncpg.pgproto import pgproto

QuickUUID = pgproto.UUID
