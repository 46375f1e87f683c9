"""How a student learns: schedules, the training loop, and the runs of a block."""
