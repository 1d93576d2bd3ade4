"""Growth of the stores under partial changes."""
