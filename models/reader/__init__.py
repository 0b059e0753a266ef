"""The unit reader: a small network that reads words from units, for captions.

``network`` defines it, ``train`` trains it on composed dialogues, ``export`` writes it as ONNX.
It stands on ``models.dialogue`` and the words of the script; the engine runs it
(``engine.syncllm.unit_reader``).
"""
