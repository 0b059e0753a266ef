"""The model side of the conversation: a chunk of the user's sound in, a chunk of the agent's out.

`duplex` is the whole step: `unit_encoder` (sound to units), `clock` (estimates the user, samples
the agent; on `tokens` and `llama`), `vocoder` (units to sound), `barge_in` and `unit_reader`
(captions). `bundle` checks and describes the models. Stands on `engine.sound`; no card, no threads.
"""
