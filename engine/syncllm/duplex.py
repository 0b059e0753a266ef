"""The duplex core: a chunk of the user's sound in, a chunk of the agent's sound out.

A plain synchronous object without threads, files or devices, the same for live conversations,
files, replay, benchmark and tests. Interval N is the time [N D, (N + 1) D), where D is the length
of a chunk. Step N takes the user's sound of interval N and returns the agent's of interval N + 1.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.accelerated_session import HasPlacement, Placement
from engine.errors import DuologueError
from engine.onnx_providers import Provider, chosen
from engine.sound.audio_file import from_pcm, to_pcm
from engine.syncllm.barge_in import BargeIn, fade_out
from engine.syncllm.bundle import Bundle
from engine.syncllm.clock import ChunkClock, ClockStep, max_step_tokens
from engine.syncllm.forced_chunk import ForcedChunk, Prompter
from engine.syncllm.lexicon_reader import LexiconReader
from engine.syncllm.llama import Llama
from engine.syncllm.sampling import Sampling
from engine.syncllm.unit_encoder import Tokenizer, UnitEncoder
from engine.syncllm.unit_reader import StreamingReader, UnitReader
from engine.syncllm.vocoder import StreamingVocoder
from engine.timebase import FRAME_MS, SAMPLE_RATE_HZ

MAX_LATENCY_MS = 480
STAGES = ("encoder", "refeed", "estimate", "own", "vocoder", "total")
"""What a step takes time for, and all of it."""


@dataclass(frozen=True)
class Step:
    """The result of one interval."""

    index: int
    """N, the interval of the user's sound."""
    agent_audio: np.ndarray
    """float32 (chunk samples,): the agent's sound of interval N + 1."""
    user_units: list[list[int]]
    """The user's chunks that became known in this step, oldest first, one unit per frame."""
    user_estimates: list[list[int]]
    """Estimated new units of the user's unknown chunks, oldest first."""
    own_units: list[int]
    """New units of the agent's chunk N + 1."""
    own_frames: list[int]
    """The same chunk, one unit per frame."""
    estimate_hits: int
    """Chunks that became known and equalled their estimate, so that the cache was kept."""
    estimate_misses: int
    tokens_refed: int
    timings_ms: dict[str, float]
    """Times of encoder, refeed, estimate, own, vocoder and total."""
    lost: bool = False
    """Whether the sound was not the user's; see ``Duplex.step``."""
    speak: bool = True
    """False if the agent's chunk had to be silence."""
    missed: int = 0
    """Above 0 if ``Duplex.miss`` took this interval: how many it took from this one on."""
    yields_floor: bool = False
    """The agent is silent because the user speaks. Its sound ends with interval N, or sooner if the
    caller can stop it."""
    own_text: Sequence[str] = ()
    """Pieces of the agent's words; a leading space begins a word. From a text slot: words that
    begin in chunk N + 1 or the next. From a reader: words that end in it or shortly before. Empty
    if the bundle has neither, like ``heard_text``."""
    heard_text: Sequence[str] = ()
    """Pieces of the user's words, as the agent or the reader understood them so far."""
    not_numbers: int = 0
    """How often a model's output was not finite; silence, or a token with a finite score, replaced
    it."""
    silence_probability: float = 0.0
    """How likely the model found it that the agent's chunk begins with silence; 0 if not asked."""
    forced_frames: list[int] | None = None
    """What was forced as the agent's chunk, one unit per frame; None if the model chose it."""
    yields: bool = False
    """Whether silence was forced in place of what was to be said."""


class Duplex:
    """One conversation."""

    def __init__(
        self,
        bundle: Bundle,
        chunk_ms: int | None = None,
        latency_ms: int | None = None,
        seed: int = 0,
        own_sampling: Sampling | None = None,
        estimate_sampling: Sampling | None = None,
        gpu_layers: int = 0,
        threads: int = 1,
        provider: Provider | None = None,
    ) -> None:
        """Open the bundle's models; ``threads`` is the language model's.

        ``provider`` computes those that ONNX Runtime runs, where it is as good as the CPU; None:
        the build's GPU provider, or the CPU if ``gpu_layers`` is 0.
        ``latency_ms``, 0 to 480: how late the user's sound is used; one chunk (the paper's case) by
        default. Sampling is the manifest's by default. Raises DuologueError if the bundle or a
        setting cannot be used.
        """
        manifest = bundle.manifest
        self.format = bundle.token_format(
            manifest.default_chunk_ms if chunk_ms is None else chunk_ms
        )
        self.latency_ms = self.format.chunk_ms if latency_ms is None else latency_ms
        if not 0 <= self.latency_ms <= MAX_LATENCY_MS:
            raise DuologueError(
                f"A latency of {self.latency_ms} ms is out of range; "
                f"choose 0 to {MAX_LATENCY_MS} ms."
            )
        if seed < 0:
            raise DuologueError(f"A seed of {seed} is out of range; choose 0 or more.")
        self.bundle = bundle
        self.seed = seed
        self.own_sampling = own_sampling or manifest.sampling.own.sampling()
        self.estimate_sampling = estimate_sampling or manifest.sampling.estimate.sampling()
        self.unknown_chunks = -(-self.latency_ms // self.format.chunk_ms)
        # Sound that may already be used after the last known chunk.
        slack_ms = self.unknown_chunks * self.format.chunk_ms - self.latency_ms
        lookahead_ms = min(slack_ms // FRAME_MS * FRAME_MS, manifest.encoder.lookahead_ms)
        prefix_frames = (slack_ms - lookahead_ms) // FRAME_MS if self.unknown_chunks else 0
        provider = provider or chosen(gpu_layers)
        tokenizer = Tokenizer(bundle.tokenizer, manifest.unit_count, provider)
        self._encoder = UnitEncoder(
            tokenizer,
            self.format.chunk_frames,
            manifest.encoder.window_ms,
            lookahead_ms,
            prefix_frames,
        )
        self._vocoder = StreamingVocoder.of(bundle, provider)
        reader = (
            UnitReader(bundle.reader, bundle.pieces, provider, manifest.unit_count)
            if bundle.reader
            else None
        )
        self._placed: dict[str, HasPlacement] = {"tokenizer": tokenizer, "vocoder": self._vocoder}
        if reader:
            self._placed["reader"] = reader
        self._user_reader = StreamingReader(reader, 0, manifest.silence_unit) if reader else None
        self._own_reader: StreamingReader | LexiconReader | None = None
        if bundle.lexicon:
            self._own_reader = LexiconReader(bundle.lexicon)
        elif reader:
            base, silence = manifest.own_reader_base, manifest.own_silence_unit
            self._own_reader = StreamingReader(reader, base, silence)
        self._latency_samples = self.latency_ms * SAMPLE_RATE_HZ // 1000
        capacity = manifest.context_tokens + max_step_tokens(self.format)
        self.llama = Llama(bundle.language_model, capacity, gpu_layers, threads)
        self.gpu_layers = self.llama.gpu_layers
        self._closed = False
        self._prompter: Prompter | None = None
        try:
            if self.llama.vocabulary < manifest.vocabulary():
                raise DuologueError(
                    f"{bundle.language_model} has {self.llama.vocabulary} tokens, but the "
                    f"manifest needs {manifest.vocabulary()}; install the bundle again."
                )
            self._warm_up(prefix_frames * FRAME_MS + lookahead_ms)
            self.reset()
        except DuologueError:
            self.close()
            raise

    @property
    def placements(self) -> dict[str, Placement]:
        """What computes tokenizer, vocoder and reader now."""
        return {name: model.placement for name, model in self._placed.items()}

    def attach(self, prompter: Prompter | None) -> None:
        """Let ``prompter`` tell the agent what to say from the next conversation on, or nobody.

        Without one, or while it says nothing, the tokens are the same as ever.
        """
        self._prompter = prompter

    @property
    def is_prompted(self) -> bool:
        """Whether somebody beside the language model may tell the agent what to say."""
        return self._prompter is not None

    def reset(self) -> None:
        """Begin a new conversation with the same models and seed.

        In interval 0 the agent is silent, because no step returns its chunk.
        """
        self._check_open()
        manifest = self.bundle.manifest
        self._encoder.reset()
        self._vocoder.reset()
        for reader in (self._own_reader, self._user_reader):
            if reader:
                reader.reset()
        self._barge_in = BargeIn(manifest.own_silence_unit)
        self._withheld = np.zeros(0, np.float32)
        self._index = 0
        if self._prompter:
            self._prompter.reset()
        self._clock = ChunkClock(
            self.llama,
            self.format,
            self.own_sampling,
            self.estimate_sampling,
            manifest.own_silence_unit,
            manifest.sink_chunks,
            self.seed,
        )

    def close(self) -> None:
        """Free the language model; the object cannot be used afterwards."""
        self._closed = True
        self.llama.close()

    @property
    def context_tokens(self) -> int:
        """Tokens in the model's context now."""
        return self._clock.context_tokens

    def step(
        self,
        user_audio: np.ndarray,
        lost: bool = False,
        speak: bool = True,
        forced: ForcedChunk | None = None,
    ) -> Step:
        """Take the user's sound of one interval, float32 (chunk samples,) at 16 kHz.

        Sound beyond [-1, 1] is clipped. ``lost``: the sound used in this step is not the user's, so
        the estimate of the chunk that it completes becomes final. Without ``speak`` the agent is
        silent in interval N + 1, whose time has passed. ``forced`` is what the agent says in that
        interval if its conditions hold. Raises DuologueError for another type or shape, or sound
        that is not finite; the conversation can continue after that.
        """
        self._check_open()
        _check_sound(user_audio, self.format.chunk_samples)
        return self._advance(self._due(user_audio), lost, speak, forced)

    @property
    def due_samples(self) -> int:
        """Samples that the next ``step_due`` takes: a chunk, or less in the first steps."""
        return self.due_samples_of(1)

    def due_samples_of(self, intervals: int) -> int:
        """Samples of the next intervals together."""
        chunk = self.format.chunk_samples
        begun = self._index * chunk - self._latency_samples
        return max(begun + intervals * chunk, 0) - max(begun, 0)

    def step_due(
        self,
        due_audio: np.ndarray,
        lost: bool = False,
        speak: bool = True,
        forced: ForcedChunk | None = None,
    ) -> Step:
        """The same step, for a caller that applies the latency itself, such as a live conversation.

        ``due_audio``, float32 (due_samples,), is the user's sound of [N D - L, (N + 1) D - L) since
        the beginning, where L is the latency. So step N can run L before its interval ends. Returns
        what ``step`` returns; a conversation uses one of the two.
        """
        self._check_open()
        _check_sound(due_audio, self.due_samples)
        return self._advance(due_audio, lost, speak, forced)

    def miss(self, due_audio: np.ndarray, intervals: int) -> list[Step]:
        """Take the user's sound of several intervals whose time is over, and be silent in them.

        For a caller that fell behind: together they cost little more than one step, because nothing
        is estimated or sampled. At most ``clock.MAX_MISSED_CHUNKS``; ``due_audio``, float32
        (due_samples_of(intervals),). Returns a step for each. Raises DuologueError as ``step``.
        """
        self._check_open()
        _check_sound(due_audio, self.due_samples_of(intervals))
        started = time.perf_counter()
        sound = from_pcm(to_pcm(due_audio))
        heard = [units.tolist() for units in self._encoder.push(sound)]
        encoded = time.perf_counter()
        own_units, fed = self._clock.miss(heard, intervals)
        refed = time.perf_counter()
        own_frames = [self.bundle.manifest.own_silence_unit] * self.format.chunk_frames
        agent_audio = self._vocoder.push(own_frames * intervals)
        self._barge_in.hear(sound)
        done = time.perf_counter()
        # Each interval makes one chunk known, but for those before the first.
        known: list[list[list[int]]] = [[] for _ in range(intervals - len(heard))]
        known += [[chunk] for chunk in heard]
        parts = [encoded - started, refed - encoded, 0.0, 0.0, done - refed, done - started]
        timings_ms = {
            stage: 1000 * seconds / intervals for stage, seconds in zip(STAGES, parts, strict=True)
        }
        steps = []
        for number, user_units in enumerate(known):
            own_text, heard_text = self._read(own_frames, user_units)
            steps.append(
                Step(
                    index=self._index + number,
                    agent_audio=np.zeros(self.format.chunk_samples, np.float32),
                    user_units=user_units,
                    user_estimates=[],
                    own_units=own_units[number],
                    own_frames=list(own_frames),
                    estimate_hits=0,
                    estimate_misses=0,
                    tokens_refed=fed if number == 0 else 0,
                    timings_ms=timings_ms,
                    speak=False,
                    missed=intervals - number,
                    own_text=own_text,
                    heard_text=heard_text,
                    not_numbers=int(np.isnan(agent_audio).sum()) if number == 0 else 0,
                )
            )
        self._index += intervals
        if self._prompter:
            self._prompter.miss(sound, intervals)
        return steps

    def _advance(
        self, due_audio: np.ndarray, lost: bool, speak: bool, forced: ForcedChunk | None
    ) -> Step:
        started = time.perf_counter()
        # Use the 16-bit sound that recordings keep, so that a replay gives the same tokens.
        sound = from_pcm(to_pcm(due_audio))
        heard = [units.tolist() for units in self._encoder.push(sound)]
        if self._prompter and forced is None:
            forced = self._prompter.prompt(sound)
        encoded = time.perf_counter()
        if lost and heard:
            heard = []
            clock_step = self._clock.advance(None, speak, forced=forced)
        else:
            clock_step = self._clock.advance(heard, speak, self._encoder.prefix.tolist(), forced)
        spoken = time.perf_counter()
        agent_audio = self._vocoder.push(clock_step.own_frames)
        silent = np.isnan(agent_audio)
        agent_audio[silent] = 0.0
        self._barge_in.hear(sound)
        spoken_frames = self._barge_in.spoken_frames(clock_step.own_frames)
        if clock_step.yields or (forced and forced.cuts and clock_step.forced_frames):
            spoken_frames = 0
        if spoken_frames is not None:
            agent_audio = fade_out(agent_audio, spoken_frames)
        sounded = time.perf_counter()
        own_text, heard_text = self._words(clock_step, heard, forced)
        done = time.perf_counter()
        step = Step(
            index=self._index,
            agent_audio=agent_audio,
            user_units=heard,
            user_estimates=clock_step.user_estimates,
            own_units=clock_step.own_units,
            own_frames=clock_step.own_frames,
            estimate_hits=clock_step.hits,
            estimate_misses=clock_step.misses,
            tokens_refed=clock_step.tokens_refed,
            timings_ms=dict(
                zip(
                    STAGES,
                    (
                        (encoded - started) * 1000,
                        clock_step.refeed_ms,
                        clock_step.estimate_ms,
                        clock_step.own_ms,
                        (sounded - spoken) * 1000,
                        (done - started) * 1000,
                    ),
                    strict=True,
                )
            ),
            lost=lost,
            speak=speak,
            yields_floor=spoken_frames == 0,
            own_text=own_text,
            heard_text=heard_text,
            not_numbers=clock_step.not_numbers + int(silent.sum()),
            silence_probability=clock_step.silence_probability,
            forced_frames=clock_step.forced_frames,
            yields=clock_step.yields,
        )
        self._index += 1
        if self._prompter:
            self._prompter.spoke(step)
        return step

    def _words(
        self, clock_step: ClockStep, heard: Sequence[Sequence[int]], forced: ForcedChunk | None
    ) -> tuple[list[str], list[str]]:
        """Pieces of the agent's and the user's words, from the reader or else the text slot.

        Those of a forced chunk are known.
        """
        if forced and clock_step.forced_frames is not None:
            own_text = [] if clock_step.yields else list(forced.words)
            _, heard_text = self._read(None, heard)
        elif self._own_reader:
            return self._read(clock_step.own_frames, heard)
        else:
            own_text, heard_text = [self.bundle.pieces[p] for p in clock_step.own_text], []
        if not self._user_reader:
            heard_text = [self.bundle.pieces[piece] for piece in clock_step.heard_text]
        return own_text, heard_text

    def _read(
        self, own_frames: Sequence[int] | None, heard: Sequence[Sequence[int]]
    ) -> tuple[list[str], list[str]]:
        """The pieces that the readers find; none without readers.

        ``own_frames`` None: the agent's words are known, and its reader begins anew after them.
        """
        if not self._own_reader or not self._user_reader:
            return [], []
        user_units = list(itertools.chain.from_iterable(heard))
        own_text: list[str] = []
        if own_frames is None:
            self._own_reader.reset()
        else:
            own_text = self._own_reader.push(own_frames)
        return own_text, self._user_reader.push(user_units)

    def _check_open(self) -> None:
        if self._closed:
            raise ValueError("the conversation has been closed")

    def _warm_up(self, ahead_ms: int) -> None:
        """Run all ONNX models once: the first run reserves memory and reveals a wrong model, such
        as one of fewer units."""
        manifest = self.bundle.manifest
        heard = self.format.chunk_samples + ahead_ms * SAMPLE_RATE_HZ // 1000
        self._encoder.push(np.zeros(heard, np.float32))
        last = [manifest.own_unit_count - 1] * self.format.chunk_frames
        self._vocoder.push(last)
        if self._own_reader and self._user_reader:
            self._own_reader.push(last)
            self._user_reader.push([manifest.unit_count - 1])

    def _due(self, audio: np.ndarray) -> np.ndarray:
        """The sound that may be used now: all except the last ``latency_ms``."""
        sound = np.concatenate([self._withheld, audio])
        cut = max(len(sound) - self._latency_samples, 0)
        self._withheld = sound[cut:]
        return sound[:cut]


def _check_sound(audio: np.ndarray, samples: int) -> None:
    if not isinstance(audio, np.ndarray) or audio.dtype != np.float32:
        kind = getattr(audio, "dtype", type(audio).__name__)
        raise DuologueError(f"A chunk of sound is {kind}; feed float32 in [-1, 1].")
    if audio.shape != (samples,):
        raise DuologueError(
            f"A chunk of sound has shape {audio.shape} where {(samples,)} belongs; "
            "feed whole chunks of mono sound at 16 kHz."
        )
    if not np.isfinite(audio).all():
        raise DuologueError("The sound contains values that are not numbers; check its source.")
