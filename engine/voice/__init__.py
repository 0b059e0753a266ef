"""The agent's voice as text: a sentence in, the agent's units of it out, one for each frame.

`agent_voice` is the whole: `front_end` (text to phones) and `hibari_network` (their lengths and
pitch), then `agent_units` (those to units). Training makes its material with the same parts. Stands
on `engine.part`, `engine.onnx_session` and what these stand on; knows no bundle, no tokens and no
torch.
"""
