"""What a provider would take for the payouts of a run, asked for before it is approved."""
