"""The brake: while events are scored late, those who send much are let in more slowly."""
