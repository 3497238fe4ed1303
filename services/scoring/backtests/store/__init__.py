"""The SQL of backtests."""
