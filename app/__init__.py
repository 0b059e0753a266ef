"""The application: the command line, and what it shares with the window. Imports no torch.

`cli` has the commands. `live_session` runs a live conversation for `live_status` (the terminal) and
for `window/`. `settings`, `folders`, `bundle_store`, `part_store` and `recording_library` keep the
user's files; `timeline`, `talk_state` and `diagnostics` prepare what is shown. Only `window/` uses
Qt.
"""

import engine  # noqa: F401 - first, since it turns off unwanted defaults of dependencies
