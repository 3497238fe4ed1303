"""Holds: whose money waits because somebody in finance said so, and payouts that are left out of their run."""
