"""The window, the only package that uses Qt.

`start` opens it and `main_window` holds the pages of `pages/`. They send commands to `session`,
which runs the conversation in a thread and emits signals. `worker` does other slow work in threads.
`theme`, `language` and `sentences` set colours and texts; `waveform/` draws both speakers.
"""
