"""What the agent knows and does beyond its script: actions, and answers of a text model.

`mind` is the front: a turn of the user's in, sentences for the ear out. `actions` tells requests
by a grammar (`heard_words`, `said_times`) and does them (`reminders`, `notebook`, `sums`,
`measures`, `talk_control`); `own_actions` runs the user's own. `text_mind` has two kinds:
`gguf_mind` and `local_server`; `for_the_ear` cuts what they write. No card, no sound, no window.
"""
