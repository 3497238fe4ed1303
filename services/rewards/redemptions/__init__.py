"""Points for a reward, in two phases: reserved, then confirmed, cancelled or expired."""
