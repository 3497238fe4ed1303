"""What backtests do: asked for, taken in turns, run piece by piece."""
