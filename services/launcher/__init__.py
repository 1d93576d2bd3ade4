"""The launcher: Redis, all services and the catalogue load on one machine.

`make run` and the image of the Space use it. `bootstrap` makes the environment first, with nothing
but the standard library; everything else runs inside that environment.
"""
