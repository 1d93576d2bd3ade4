"""How near each stage is to what the machine can do."""
