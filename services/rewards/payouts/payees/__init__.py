"""Whom the money goes to: members' bank details."""
