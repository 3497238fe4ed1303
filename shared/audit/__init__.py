"""Who did what: the entry that every command leaves in its own transaction, and whose data were read."""

from shared.audit.domain import Actor, Commanded, Did, Entry, command_entry, entries_of
from shared.audit.reads import Read, ReadNotes, read_id
from shared.audit.store import add_command, add_reads

__all__ = [
    "Actor",
    "Commanded",
    "Did",
    "Entry",
    "Read",
    "ReadNotes",
    "add_command",
    "add_reads",
    "command_entry",
    "entries_of",
    "read_id",
]
