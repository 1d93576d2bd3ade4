"""Metrics in the memory of the test process. Import this before Feast.

Feast sets two variables when it is imported. If `prometheus_client` starts with them, all metrics
are kept in files, from one test to the next. It must start before Feast, and without the variables:
a process of pytest-xdist inherits those of the first one, which may have imported Feast.
"""

from __future__ import annotations

import os

from tests.support.service_process import SET_BY_FEAST

for _name in SET_BY_FEAST:
    os.environ.pop(_name, None)

import prometheus_client  # noqa: E402, F401
