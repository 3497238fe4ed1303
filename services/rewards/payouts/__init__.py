"""Points become money: payouts, the states that they go through, and what each step books."""
