"""The whole stack: clients, stages, growth."""
