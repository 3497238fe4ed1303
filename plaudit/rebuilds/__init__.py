"""Analytics built anew beside the one that runs: its databases, what is compared, and the switch."""
