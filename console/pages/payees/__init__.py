"""Where a member's money goes: given by finance, and what it ever was."""
