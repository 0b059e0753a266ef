"""Measurements of a machine.

`benchmark` measures the speed and memory of the duplex core; `doctor` examines microphone, echo
and speed and advises settings. Stands on all other rooms of the engine.
"""
