"""Who comes, comes back and leaves: growth accounting, cohorts, retention, churn by silence, activation."""
