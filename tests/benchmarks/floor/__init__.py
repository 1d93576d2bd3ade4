"""The whole stack beside three bare processes that make the same hops."""
