"""The pure part of backtests: events go through programmes, and what came of it is summed."""
