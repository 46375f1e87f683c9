"""What the runs' scores say: averages, regimes, the frontier, the production function, the recommendation."""
