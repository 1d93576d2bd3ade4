"""Setup: the Python environment, the web page and a Redis server, each made once.

Standard library only, because the environment does not exist yet.
"""
