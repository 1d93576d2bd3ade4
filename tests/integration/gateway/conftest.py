"""A gateway in process, as the unit tests have it."""

from tests.unit.gateway.conftest import run_stack

__all__ = ["run_stack"]
