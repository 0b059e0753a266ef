"""Switches off what dependencies send by default; must run before any of them is imported.

Duologue promises that nothing leaves the computer. All four packages import this module first, and
child processes inherit its settings. Check each new library for what it sends, asks and leaves
behind; tests/app/test_nothing_leaves.py watches all of them at work.
"""

import os

# ONNX Runtime 1.29 and later, on Linux and macOS: the import writes a lasting device id and sends
# usage data. Only this switch works before the import. It overrides a user's own 0, because the
# promise is ours. On Windows engine/onnx_session.py switches it off.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
