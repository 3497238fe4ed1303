"""The SQL of payout runs: runs themselves, whom they are computed for, and their bank files."""
