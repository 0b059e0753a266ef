"""The closed loop of the echo board: when the agent hears its own echo, does it react?

A phantom is speech that the agent hears of itself while the user is silent. To find whether the
agent reacts to it, the conversation is repeated from the same random numbers with silence in place
of the phantom (the twin). Where the agent begins or stops speaking and its twin does not, it
reacted. Knows no torch.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve

from engine.echo.canceller import EchoCanceller
from engine.sound.level import levels_db
from engine.sound.turn_taking import Span, voice_activity
from engine.syncllm.clock import ChunkClock
from engine.syncllm.duplex import Duplex
from engine.syncllm.unit_encoder import Tokenizer
from engine.syncllm.vocoder import StreamingVocoder
from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from models import script
from models.speech.rooms import USER_DB, EchoPath, Room, at_level, room_noise, speech_level_db
from models.speech.voices import HELD_OUT, speak

LOOP_S, QUESTION_EVERY_S = 36, 9
"""Length of the conversation in each room (100 rooms are an hour), and between two questions."""
REACTION_S = 1.0
"""A change of the agent's speech this soon after a phantom counts as a reaction to it."""
AFTER_USER_S = 0.5
"""Speech heard this soon after the user's is reverberation or the models' delay, not a phantom."""
AFTER_AGENT_S = 1.0
"""The agent may hear itself this long after its speech; later, noise was taken for speech."""
PHANTOM_FRAMES = 3
"""This many frames in a row with units that are not silence count as speech."""
SAME_TIME_S = 0.25
"""Onsets (or ends) this near each other are the same: a chunk more or less is chance."""
_NOISE_GAINS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.0)


@dataclass(frozen=True)
class Loop:
    """The figures of one conversation, with the agent's echo or without any."""

    agent_turns: int
    agent_speech_s: float
    phantoms: int
    """How often it heard speech while the user was silent and its own sound was in the room."""
    reactions: int
    """How often it began or stopped speaking because of a phantom."""


@dataclass(frozen=True, eq=False)
class Talk:
    """What the agent heard and said in one conversation."""

    heard: list[list[list[int]]]
    """For each step, the frames of the user's chunks that became known in it."""
    agent: np.ndarray
    """float32 (n,): the agent's sound."""

    @property
    def heard_frames(self) -> np.ndarray:
        """int64 (frames heard,)."""
        return np.array([unit for chunks in self.heard for frames in chunks for unit in frames])


def closed_loop(
    room: Room,
    duplex: Duplex,
    tokenizer: Tokenizer,
    voice: np.ndarray,
    rng: random.Random,
    control: bool,
) -> tuple[Loop, Loop | None]:
    """Ask for stories and be silent while they are told; returns (with echo, without echo).

    The conversation without echo is held only where ``control`` is true. ``voice`` float32 (n,) is
    the agent's, from which the level of the loudspeaker is set.
    """
    chunk = duplex.format.chunk_samples
    user = np.zeros(LOOP_S * SAMPLE_RATE_HZ // chunk * chunk, np.float32)
    for second in range(1, LOOP_S, QUESTION_EVERY_S):
        question = speak(rng.choice(script.STORY_PROMPTS), rng.choice(HELD_OUT), rng).audio
        start = second * SAMPLE_RATE_HZ
        user[start : start + len(question)] = at_level(question, USER_DB)
    at_microphone = in_room(user, room)
    silent_units = _silent_units(room, tokenizer)
    gain = 10 ** ((USER_DB + room.echo_db - speech_level_db(EchoPath(room, 1.0).push(voice))) / 20)
    with_echo = judge(
        hold_talk(room, duplex, at_microphone, gain), duplex, at_microphone, silent_units
    )
    if not control:
        return with_echo, None
    without = judge(
        hold_talk(room, duplex, at_microphone, 0.0), duplex, at_microphone, silent_units
    )
    return with_echo, without


def in_room(user: np.ndarray, room: Room) -> np.ndarray:
    """The user's speech (n,) at the microphone, at ``USER_DB``."""
    return at_level(fftconvolve(user, room.user_response)[: len(user)], USER_DB)


def cancel(canceller: EchoCanceller, near: np.ndarray, far: np.ndarray) -> np.ndarray:
    """Run whole blocks of sound (n,) through the canceller; its delay stays in the result."""
    return canceller.process(np.clip(near, -1.0, 1.0).astype(np.float32), far)


def hold_talk(room: Room, duplex: Duplex, at_microphone: np.ndarray, gain: float) -> Talk:
    """Hold a conversation in which the agent's sound comes back: room, canceller, engine."""
    duplex.reset()
    canceller = EchoCanceller()
    path = EchoPath(room, gain)
    near = at_microphone + room_noise(room, len(at_microphone))
    agent = [np.zeros(duplex.format.chunk_samples, np.float32)]
    heard = []
    for chunk in near.reshape(-1, duplex.format.chunk_samples):
        cleaned = cancel(canceller, chunk + path.push(agent[-1]), agent[-1])
        step = duplex.step(cleaned)
        heard.append(step.user_units)
        agent.append(step.agent_audio)
    return Talk(heard, np.concatenate(agent[:-1]))


def judge(talk: Talk, duplex: Duplex, at_microphone: np.ndarray, silent_units: set[int]) -> Loop:
    """Count the phantoms of a conversation, and the agent's reactions to them.

    ``at_microphone`` float32 (n,) has the conversation's time axis.
    """
    agent_spans = voice_activity(levels_db(talk.agent))
    found = phantoms(talk, at_microphone, silent_units)
    reactions = sum(reacts(talk, duplex, *phantom, silent_units) for phantom in found)
    seconds = sum(span.duration_ms for span in agent_spans) / 1000
    return Loop(len(agent_spans), seconds, len(found), reactions)


def phantoms(
    talk: Talk, at_microphone: np.ndarray, silent_units: set[int]
) -> list[tuple[int, int]]:
    """[first, end) frames of each phantom: speech heard while the user (n,) was silent but the
    agent could be heard."""
    users = voice_activity(levels_db(at_microphone))
    agents = voice_activity(levels_db(talk.agent))
    found = []
    for first, end in _runs(~np.isin(talk.heard_frames, sorted(silent_units))):
        own = _near(agents, first, end, AFTER_AGENT_S)
        if end - first >= PHANTOM_FRAMES and own and not _near(users, first, end, AFTER_USER_S):
            found.append((first, end))
    return found


def _near(spans: list[Span], first: int, end: int, after_s: float) -> bool:
    """Whether frames [first, end) overlap a span that is lengthened by ``after_s``."""
    start, stop = first * FRAME_SAMPLES, end * FRAME_SAMPLES
    margin = round(after_s * SAMPLE_RATE_HZ)
    return any(start < span.end_sample + margin and span.start_sample < stop for span in spans)


def reacts(talk: Talk, duplex: Duplex, first: int, end: int, silent_units: set[int]) -> bool:
    """Whether the agent began or stopped speaking because of what it heard in [first, end)."""
    heard = talk.heard_frames
    silences = heard[np.isin(heard, sorted(silent_units))]
    quiet = int(np.bincount(silences).argmax()) if len(silences) else min(silent_units)
    own_frames = hear_again(duplex, _replaced(talk.heard, first, end, quiet))
    twin = StreamingVocoder.of(duplex.bundle).push(own_frames)
    since = first * FRAME_SAMPLES
    until = end * FRAME_SAMPLES + round(REACTION_S * SAMPLE_RATE_HZ)
    own, other = _edges(talk.agent), _edges(twin)
    only = _without_like(own, other) + _without_like(other, own)
    return any(since <= sample < until for _, sample in only)


def hear_again(duplex: Duplex, heard: list[list[list[int]]]) -> list[int]:
    """The agent's frames in a new conversation in which it hears ``heard`` (see ``Talk``)."""
    manifest = duplex.bundle.manifest
    clock = ChunkClock(
        duplex.llama,
        duplex.format,
        duplex.own_sampling,
        duplex.estimate_sampling,
        manifest.own_silence_unit,
        manifest.sink_chunks,
        duplex.seed,
    )
    own = [manifest.own_silence_unit] * duplex.format.chunk_frames
    for chunks in heard:
        own += clock.advance(chunks).own_frames
    return own


def _replaced(
    heard: list[list[list[int]]], first: int, end: int, quiet: int
) -> list[list[list[int]]]:
    """The same steps with the unit ``quiet`` in frames [first, end)."""
    frame = 0
    changed = []
    for chunks in heard:
        step = []
        for frames in chunks:
            places = range(frame, frame + len(frames))
            pairs = zip(places, frames, strict=True)
            step.append([quiet if first <= place < end else unit for place, unit in pairs])
            frame += len(frames)
        changed.append(step)
    return changed


def _edges(sound: np.ndarray) -> list[tuple[str, int]]:
    """Onsets and ends of speech, in samples."""
    spans = voice_activity(levels_db(sound))
    begins = [("begins", span.start_sample) for span in spans]
    return begins + [("ends", span.end_sample) for span in spans]


def _without_like(
    edges: list[tuple[str, int]], others: list[tuple[str, int]]
) -> list[tuple[str, int]]:
    """The edges that have none of the same kind near them among the others."""
    near = round(SAME_TIME_S * SAMPLE_RATE_HZ)
    return [
        (kind, sample)
        for kind, sample in edges
        if not any(kind == other and abs(sample - at) <= near for other, at in others)
    ]


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """[start, end) of each run of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _silent_units(room: Room, tokenizer: Tokenizer) -> set[int]:
    """The units of the room's noise, at every level that the canceller may leave of it."""
    noise = room_noise(room, 4 * SAMPLE_RATE_HZ)
    cleaned = cancel(EchoCanceller(), noise, np.zeros_like(noise))
    sounds = [cleaned, *(np.float32(gain) * noise for gain in _NOISE_GAINS)]
    return {int(unit) for sound in sounds for unit in tokenizer.units(sound)}
