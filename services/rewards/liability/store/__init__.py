"""The SQL of what points are worth: policies, figures of lots, and days that were taken."""
