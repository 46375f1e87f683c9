"""What the runs' scores say: the posterior, choices, the frontier, regimes, recommendations."""
