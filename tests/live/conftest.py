"""The window of the live tests needs no display."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
