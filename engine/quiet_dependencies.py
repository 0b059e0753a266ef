"""Switches off what dependencies send, and threads that they let spin; must run before any of them
is imported.

Duologue promises that nothing leaves the computer. All four packages import this module first, and
child processes inherit its settings. Check each new library for what it sends, asks and leaves
behind; tests/app/test_nothing_leaves.py watches all of them at work.
"""

import os

# ONNX Runtime 1.29 and later, on Linux and macOS: the import writes a lasting device id and sends
# usage data. Only this switch works before the import. It overrides a user's own 0, because the
# promise is ours. On Windows engine/onnx_session.py switches it off.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# Ray, with which the training speaks dialogues on many machines, sends usage statistics.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

# OpenBLAS, which numpy brings on Linux and Windows, shares a matrix product among all cores. Its
# threads spin for the next one, and the echo canceller multiplies every 40 ms: with two cores that
# was 0.29 of a core, and beside busy programs each product waits for a thread that has no core
# (findings/openblas-threads-spin.sh). Our products are small. A number of the user's own is kept.
GIVEN_THREADS = os.environ.get("OPENBLAS_NUM_THREADS")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def environment_without_our_choices() -> dict[str, str]:
    """The environment for another build, which chooses its threads itself; it sends nothing."""
    environment = dict(os.environ)
    if GIVEN_THREADS is None:
        environment.pop("OPENBLAS_NUM_THREADS", None)
    return environment
