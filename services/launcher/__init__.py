"""Runs all of it on one machine: Redis, the four services and the catalogue load.

Used by `make run` and by the Space image. `bootstrap` makes the environment first, with nothing but
the standard library; the rest runs inside that environment.
"""
