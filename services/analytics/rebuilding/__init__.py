"""Analytics built anew beside the one that runs, from the topics alone."""
