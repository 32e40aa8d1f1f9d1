"""People with a log-in: staff, and members of organisations."""
