"""What dependencies may not do by themselves; decided before any of them is imported.

Duologue promises that nothing leaves the computer, whatever a library does by default. The four
packages import this before anything else, and child processes inherit it. A library that is new
here is looked at for what it sends, asks and leaves behind; tests/app/test_nothing_leaves.py
watches all of them at work.
"""

import os

# ONNX Runtime 1.29 and later, on Linux and macOS: importing it writes a lasting device id, and
# usage data is sent. This is the only switch that comes before the import; a user's own 0 does not
# count, for the promise is ours. On Windows engine/onnx_session.py switches it off.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
