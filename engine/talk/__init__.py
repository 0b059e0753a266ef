"""Conversations: they join card, echo canceller, models and recorder.

Live: `live_conversation` has the threads, devices and commands, `live_scheduler` turns blocks of
10 ms into steps of the duplex core, and `live_events` are the messages to the caller.
`conversation` runs one with a sound file in place of the user. Stands on record, syncllm, card and
sound; the echo canceller is passed in.
"""
