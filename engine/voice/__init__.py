"""The agent's voice as text: a sentence in, the agent's units of it out, one for each frame.

`agent_voice` is the whole: `hibari_network` (text to phones, phone lengths and pitch), then
`agent_units` (those to units). Training makes its material with the same parts. Stands on
`engine.errors` and `engine.timebase`; knows no bundle, no tokens and no torch.
"""
