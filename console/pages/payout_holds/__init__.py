"""Held money: whose waits and why, letting it go on, and stopping a payout before its file."""
