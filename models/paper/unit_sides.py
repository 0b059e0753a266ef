"""Both sides of a bundle in units: dialogues to units, and units to sound on the dialogue's time.

With one table of units the tokenizer hears both sides and the vocoder speaks both, as in the paper.
Where the agent has a table of its own, its units come with its synthesiser's sound, and no vocoder
of the bundle speaks the user's. Then the vocoder of another bundle does, which has one table and
the same tokenizer. Without one, each of the user's units becomes the agent's unit that it most
often stands for, so that the user speaks in the agent's voice and is harder to understand.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.errors import DuologueError
from engine.syncllm.bundle import Bundle
from engine.syncllm.unit_encoder import Tokenizer
from engine.syncllm.vocoder import StreamingVocoder
from engine.timebase import FRAME_MS, FRAME_SAMPLES
from engine.voice.agent_units import AGENT_UNITS
from models import script
from models.evaluate.agent_side import agent_source
from models.paper.spoken_dialogues import AGENT, USER, TrueDialogue

_PIECE_FRAMES = 50
"""Given to a vocoder at once; pieces of silence cost nothing."""
_SENTENCES = 60
"""Of the agent, from which the meaning of the user's units is counted."""


class UnitSides:
    """The tokenizer and the voices of both sides."""

    def __init__(self, bundle: Bundle, user_voice: Bundle | None = None) -> None:
        """Open the models. ``user_voice``: the bundle whose vocoder speaks the user's units.

        Raises DuologueError where it cannot, or where the agent's table is not its synthesiser's.
        """
        manifest = bundle.manifest
        self._tokenizer = Tokenizer(bundle.tokenizer, manifest.unit_count)
        self._has_own_table = manifest.agent_units is not None
        self._table: np.ndarray | None = None
        """The agent's unit for each of the user's, int64 (units,)."""
        heard_ms, spoken_ms = manifest.encoder.delay_ms, manifest.vocoder.delay_ms
        voice = StreamingVocoder.of(bundle)
        self._voices = [voice, voice]
        delays_ms = [
            spoken_ms if self._has_own_table else heard_ms + spoken_ms,
            heard_ms + spoken_ms,
        ]
        self.user_speaker = "the bundle's vocoder"
        if user_voice:
            _check_voice(bundle, user_voice)
            self._voices[USER] = StreamingVocoder.of(user_voice)
            delays_ms[USER] = heard_ms + user_voice.manifest.vocoder.delay_ms
            self.user_speaker = f"the vocoder of {user_voice.manifest.name}"
        elif self._has_own_table:
            self._table = _meanings(bundle, self._tokenizer)
            self.user_speaker = "the agent's voice, by the unit that each most often stands for"
        self._delays = [delay_ms // FRAME_MS for delay_ms in delays_ms]
        """How many frames each side's sound lies behind its units' times."""
        self.delay_frames = max(self._delays)

    def units(self, dialogue: TrueDialogue) -> np.ndarray:
        """Both sides, int64 (2, frames).

        Raises DuologueError for a table that is not the synthesiser's.
        """
        own = dialogue.own_units
        if not self._has_own_table:
            own = self._tokenizer.units(dialogue.sound[AGENT])
        return np.stack([own, self._tokenizer.units(dialogue.sound[USER])])

    def sound(self, units: np.ndarray) -> np.ndarray:
        """float32 (2, samples): what both sides' units (2, frames) say, at the times at which it is
        said; so the last ``delay_frames`` frames are missing."""
        kept = (units.shape[1] - self.delay_frames) * FRAME_SAMPLES
        spoken = [units[AGENT], units[USER] if self._table is None else self._table[units[USER]]]
        return np.stack(
            [
                _say(voice, said.tolist())[delay * FRAME_SAMPLES :][:kept]
                for voice, said, delay in zip(self._voices, spoken, self._delays, strict=True)
            ]
        )


def _say(voice: StreamingVocoder, units: Sequence[int]) -> np.ndarray:
    voice.reset()
    starts = range(0, len(units), _PIECE_FRAMES)
    pieces = [voice.push(units[start : start + _PIECE_FRAMES]) for start in starts]
    return np.nan_to_num(np.concatenate(pieces))


def _check_voice(bundle: Bundle, voice: Bundle) -> None:
    mine, theirs = (one.manifest.files.tokenizer.sha256 for one in (bundle, voice))
    if voice.manifest.agent_units or mine != theirs:
        raise DuologueError(
            f"{voice.folder} cannot speak the user's units of {bundle.manifest.name}; give a "
            "bundle with one table of units and the same tokenizer."
        )


def _meanings(bundle: Bundle, tokenizer: Tokenizer) -> np.ndarray:
    """The agent's unit that each of the user's most often stands for, int64 (units,)."""
    source = agent_source(bundle)
    lag = bundle.manifest.encoder.delay_ms // FRAME_MS
    counts = np.zeros((bundle.manifest.unit_count, len(AGENT_UNITS)))
    sentences = script.agent_sentences()
    for text in sentences[:: max(len(sentences) // _SENTENCES, 1)]:
        spoken = source.speak(text)
        room = len(spoken.units_T) + lag
        sound = np.zeros(room * FRAME_SAMPLES, np.float32)
        sound[: len(spoken.audio_N)] = spoken.audio_N[: len(sound)]
        heard = tokenizer.units(sound)[lag:]
        np.add.at(counts, (heard, spoken.units_T), 1)
    counts[:, bundle.manifest.own_silence_unit] += 0.5  # for a unit that never comes
    meanings: np.ndarray = counts.argmax(1)
    return meanings
