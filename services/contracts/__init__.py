"""The messages between services: Pydantic models, one file a service.

No logic, no I/O, no settings. A service knows nothing else of another service.
"""
