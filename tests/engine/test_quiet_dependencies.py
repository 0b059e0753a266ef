"""What must be set before a dependency is imported."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_PRODUCT = """
import engine
import numpy as np
import os
np.ones((256, 256)) @ np.ones((256, 256))
from engine.quiet_dependencies import environment_without_our_choices
other = environment_without_our_choices()
print(len(os.listdir("/proc/self/task")), os.environ["OPENBLAS_NUM_THREADS"],
    other.get("OPENBLAS_NUM_THREADS"), other["ORT_DISABLE_TELEMETRY"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads as Linux lists them")
@pytest.mark.parametrize(("given", "threads"), [(None, 1), ("2", 2)])
def test_matrix_products_start_no_threads(given: str | None, threads: int) -> None:
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    if given:
        environment["OPENBLAS_NUM_THREADS"] = given
    told = subprocess.run(
        [sys.executable, "-c", _PRODUCT],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    # A machine of one core has no second thread to give.
    started = min(threads, os.cpu_count() or 1)
    # Another build, beside which this one is measured, gets what the user gave.
    assert told.split() == [str(started), str(threads), str(given), "1"]
