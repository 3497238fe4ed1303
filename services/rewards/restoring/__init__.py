"""What rewards told and its database has forgotten: runs, payouts and redemptions, taken in again."""
