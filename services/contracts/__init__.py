"""What crosses a wire between services: Pydantic models, one file a service.

No logic, no I/O, no settings. The only thing that one service may know of another.
"""
