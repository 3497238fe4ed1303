"""The rules' own thinking: conditions, and matching events with rules."""
