"""The engine: everything between the microphone and the speaker. Knows neither Qt nor torch.

The rooms, in the order in which they stand on one another (import-linter holds it): `sound`; then
`card`, `echo` and `syncllm`, which do not know each other; then `record`, `talk` and `measure`.
Below all of them are the modules beside this file: errors, log, time base and files.
"""

import engine.quiet_dependencies  # noqa: F401 - before any dependency is imported
