"""Measures the starter through the shipped engine, on voices that no training heard.

Nothing of torch: ONNX and GGUF only, as the user has them. Four parts: exchanges (is the answer
right, how soon does it come, does the agent keep out of the user's pauses), interruptions (how soon
is it silent), intelligibility (an independent recogniser with the agent's sentences as grammar)
and the units' round trip through vocoder and tokenizer.
"""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from engine.bundle import Bundle, load_bundle
from engine.duplex import Duplex
from engine.errors import DuologueError
from engine.tokens import FRAME_MS, FRAME_SAMPLES, RATE_HZ, decode, encode
from engine.unit_encoder import UnitEncoder
from engine.vocoder import StreamingVocoder
from models import script
from models.phones import PAUSE
from models.voices import AGENT_VOICE, HELD_OUT, Speech, speak, speak_flite

ANSWER_SECONDS = 4.5
"""How long the agent is listened to after a question."""
NEAREST_LIMIT = 0.5
"""Normalised unit edit distance above which no known sentence was said."""
QUIET_DB = -45
FLOOR_DB = -65
SENTENCES_SCORED = 60
