"""What surrounds a job's work: its record, devices, the fork server, progress, and the repair of files."""
