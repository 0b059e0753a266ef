"""The sound card: microphone and speaker as blocks of 10 ms at 16 kHz.

`devices` lists and chooses them, `device_watch` notices when they come and go, `streams` opens
them. `sound_card` is the interface, `portaudio_card` the real card behind it. `playout` holds the
agent's sound until the card plays it. Stands on `engine.sound`; knows no model.
"""
