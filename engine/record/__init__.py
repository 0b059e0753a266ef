"""Recordings: what is kept of a conversation, and what can be made of it afterwards.

`recorder` writes a live conversation, in a thread of its own: sound, `events`, `transcript`.
`recordings` lists and prunes the folder; `talk_sound` and `events` read a recording, `replay` runs
it again, `talk_result` and `picture` show how it went. Stands on `engine.syncllm` and
`engine.sound`; knows no devices.
"""
