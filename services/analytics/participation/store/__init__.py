"""The SQL of participation: counting what comes in, and reading what was counted."""
