"""The duplex core on a tiny bundle: when sound is used, the clock, and talks without end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import DuologueError
from engine.syncllm.bundle import Bundle
from engine.syncllm.duplex import Duplex, Step
from engine.syncllm.sampling import Sampling
from engine.syncllm.unit_encoder import Tokenizer
from engine.syncllm.vocoder import Vocoder
from engine.timebase import FRAME_MS, SAMPLE_RATE_HZ
from tests.engine.tiny_bundle import (
    OWN_SILENCE,
    OWN_UNIT_COUNT,
    PAST_FRAMES,
    SILENCE,
    write_tiny_bundle,
    write_tiny_state_vocoder,
)

CHUNKS_MS = [160, 200, 240]
LATENCIES_MS = [0, 40, 100, 160, 200, 240, 320, 360, 480]
LOOKAHEAD_FRAMES = 2
SAMPLES_PER_MS = SAMPLE_RATE_HZ // 1000
chunk_lengths = pytest.mark.parametrize("chunk_ms", CHUNKS_MS)
latencies = pytest.mark.parametrize("latency_ms", LATENCIES_MS)
Open = Callable[..., Duplex]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle"), lookahead_frames=LOOKAHEAD_FRAMES)


@pytest.fixture
def duplex(bundle: Bundle) -> Iterator[Open]:
    """Opens conversations, and closes them after the test."""
    opened: list[Duplex] = []

    def open_(*arguments: Any, of: Bundle = bundle, **settings: Any) -> Duplex:
        opened.append(Duplex(of, *arguments, **settings))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


def noise(samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, samples).astype(np.float32)


def talk(duplex: Duplex, audio: np.ndarray) -> list[Step]:
    chunk = duplex.format.chunk_samples
    return [
        duplex.step(audio[start : start + chunk])
        for start in range(0, len(audio) - chunk + 1, chunk)
    ]


def tokens(step: Step) -> tuple[object, ...]:
    """All that a step decided."""
    return step.own_units, step.own_frames, step.user_units, step.user_estimates


# --- when the user's sound is used ----------------------------------------------------------------


@chunk_lengths
@latencies
def test_sound_that_is_too_new_changes_nothing(
    duplex: Open, chunk_ms: int, latency_ms: int
) -> None:
    talk_ = duplex(chunk_ms, latency_ms)
    steps = 8
    audio = noise(steps * talk_.format.chunk_samples)
    first = talk(talk_, audio)
    used = len(audio) - latency_ms * SAMPLES_PER_MS
    changed = audio.copy()
    changed[used:] = noise(len(audio) - used, seed=1)
    talk_.reset()
    # Steps before the last end sooner: what is too new for the last is too new for them.
    assert [tokens(step) for step in first] == [tokens(step) for step in talk(talk_, changed)]


@chunk_lengths
@latencies
def test_sound_that_is_old_enough_is_used(duplex: Open, chunk_ms: int, latency_ms: int) -> None:
    talk_ = duplex(chunk_ms, latency_ms)
    chunk = talk_.format.chunk_samples
    audio = noise(8 * chunk)
    first = talk(talk_, audio)
    slack_ms = -latency_ms % chunk_ms
    lookahead_ms = min(slack_ms // FRAME_MS, LOOKAHEAD_FRAMES) * FRAME_MS
    # Whole chunks are known, and of what is due beyond them the look-ahead is heard.
    known = len(audio) // chunk - -(-latency_ms // chunk_ms)
    end = known * chunk + lookahead_ms * SAMPLES_PER_MS
    changed = audio.copy()
    changed[end - FRAME_MS * SAMPLES_PER_MS : end] = noise(FRAME_MS * SAMPLES_PER_MS, seed=1)
    talk_.reset()
    again = talk(talk_, changed)
    assert first[-1].user_units != again[-1].user_units
    assert [step.user_units for step in first[:-1]] == [step.user_units for step in again[:-1]]


@chunk_lengths
@latencies
def test_units_are_those_of_the_whole_file(
    bundle: Bundle, duplex: Open, chunk_ms: int, latency_ms: int
) -> None:
    talk_ = duplex(chunk_ms, latency_ms)
    audio = noise(10 * talk_.format.chunk_samples)
    steps = talk(talk_, audio)
    heard = [unit for step in steps for frames in step.user_units for unit in frames]
    unknown = -(-latency_ms // chunk_ms)
    assert talk_.unknown_chunks == unknown
    assert [len(step.user_units) for step in steps] == [0] * unknown + [1] * (10 - unknown)
    # Without look-ahead a chunk's last frames hear silence where the file goes on.
    if -latency_ms % chunk_ms >= LOOKAHEAD_FRAMES * FRAME_MS:
        expected = Tokenizer(bundle.tokenizer).encode_file(audio)
        assert heard == expected[: len(heard)].tolist()


@chunk_lengths
@latencies
def test_every_chunk_that_is_not_known_is_estimated(
    duplex: Open, chunk_ms: int, latency_ms: int
) -> None:
    talk_ = duplex(chunk_ms, latency_ms)
    known = 0
    steps = talk(talk_, noise(12 * talk_.format.chunk_samples))
    for index, step in enumerate(steps):
        known += len(step.user_units)
        assert step.index == index
        assert len(step.user_estimates) == index + 1 - known
    replaced = sum(step.estimate_hits + step.estimate_misses for step in steps)
    assert replaced == (known if latency_ms else 0)


def test_the_latency_is_one_chunk_by_default(duplex: Open) -> None:
    assert [duplex(chunk_ms).latency_ms for chunk_ms in CHUNKS_MS] == CHUNKS_MS
    assert duplex().format.chunk_ms == 160


# --- the agent's sound ----------------------------------------------------------------------------


@chunk_lengths
def test_the_agents_chunks_join_without_a_seam(bundle: Bundle, duplex: Open, chunk_ms: int) -> None:
    talk_ = duplex(chunk_ms)
    # Of a silent user, for whom the agent breaks off nothing.
    steps = talk(talk_, np.zeros(20 * talk_.format.chunk_samples, np.float32))
    frames = [SILENCE] * PAST_FRAMES + [unit for step in steps for unit in step.own_frames]
    assert len(set(frames)) > 10
    sound = np.concatenate([step.agent_audio for step in steps])
    assert sound.dtype == np.float32
    assert np.abs(sound).max() <= 1
    whole = Vocoder(bundle.vocoder).sound(frames)[-len(sound) :]
    np.testing.assert_allclose(sound, whole, rtol=0, atol=1e-6)


# --- the clock ------------------------------------------------------------------------------------


@chunk_lengths
@pytest.mark.parametrize("latency_ms", [0, 160, 480])
def test_the_tag_beats_once_a_chunk(
    duplex: Open, chunk_ms: int, latency_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens in the model's context, roll-backs included: one [S0] for every chunk begun."""
    talk_ = duplex(chunk_ms, latency_ms)
    fmt, llama = talk_.format, talk_.llama
    context: list[int] = []
    feed, truncate = llama.feed, llama.truncate

    def witness_feed(tokens_: list[int]) -> None:
        feed(tokens_)
        context.extend(tokens_)

    def witness_truncate(length: int) -> None:
        truncate(length)
        del context[length:]

    monkeypatch.setattr(llama, "feed", witness_feed)
    monkeypatch.setattr(llama, "truncate", witness_truncate)
    talk_.reset()
    for index in range(12):
        (step,) = talk(talk_, noise(fmt.chunk_samples, seed=index))
        # The agent's silent chunk 0, and those up to the one that this step returned.
        assert context.count(fmt.s0) == index + 2
        assert len(step.own_units) <= fmt.chunk_frames
        assert len(step.own_frames) == fmt.chunk_frames
        assert len(context) == llama.length
    assert context[0] == fmt.bos


@chunk_lengths
def test_a_talk_has_no_end(tmp_path: Path, duplex: Open, chunk_ms: int) -> None:
    bundle = write_tiny_bundle(tmp_path, context_tokens=256, sink_chunks=2)
    talk_ = duplex(chunk_ms, 2 * chunk_ms, of=bundle)
    audio = noise(10 * talk_.format.chunk_samples)
    lengths = [talk_.context_tokens for _ in range(30) if talk(talk_, audio)]
    assert max(lengths) <= talk_.llama.capacity
    assert min(lengths) < max(lengths) - 20  # it was cut, and grew again
    assert talk(talk_, audio)[-1].index == 309


# --- seeds and resets -----------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_talk(duplex: Open) -> None:
    audio = noise(30 * 2560)
    first, second, third = (
        [tokens(step) for step in talk(duplex(seed=seed), audio)] for seed in (3, 3, 4)
    )
    assert first == second
    assert first != third


def test_the_same_seed_gives_the_same_sound(duplex: Open) -> None:
    audio = noise(20 * 2560)
    first, second = (talk(duplex(seed=3), audio) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.agent_audio, other.agent_audio)


def test_reset_begins_the_same_talk_again(duplex: Open) -> None:
    talk_ = duplex(200, 240, seed=5)
    audio = noise(20 * talk_.format.chunk_samples)
    first = talk(talk_, audio)
    talk_.reset()
    second = talk(talk_, audio)
    assert [tokens(step) for step in first] == [tokens(step) for step in second]
    assert [step.index for step in second] == list(range(20))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.agent_audio, other.agent_audio)


def test_sampling_may_be_chosen(duplex: Open) -> None:
    sure = Sampling(temperature=0, top_p=1)
    audio = noise(10 * 2560)
    first, second = (
        talk(duplex(seed=seed, own_sampling=sure, estimate_sampling=sure), audio) for seed in (0, 1)
    )
    assert [tokens(step) for step in first] == [tokens(step) for step in second]


# --- wrong input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("audio", "said"),
    [
        (np.zeros(2559, np.float32), "shape"),
        (np.zeros(0, np.float32), "shape"),
        (np.zeros((2560, 1), np.float32), "shape"),
        (np.zeros(2560, np.int16), "int16"),
        (np.zeros(2560, np.float64), "float64"),
        ([0.0] * 2560, "list"),
        (np.full(2560, np.nan, np.float32), "not numbers"),
        (np.full(2560, np.inf, np.float32), "not numbers"),
    ],
)
def test_wrong_sound_is_refused_and_the_talk_goes_on(duplex: Open, audio: Any, said: str) -> None:
    talk_ = duplex()
    good = noise(4 * 2560)
    expected = [tokens(step) for step in talk(talk_, good)]
    talk_.reset()
    begun = talk(talk_, good[: 2 * 2560])
    with pytest.raises(DuologueError, match=said):
        talk_.step(audio)
    got = begun + talk(talk_, good[2 * 2560 :])
    assert [tokens(step) for step in got] == expected


def test_sound_beyond_the_range_is_clipped(duplex: Open) -> None:
    talk_ = duplex()
    loud = noise(8 * 2560) * 1000
    first = talk(talk_, loud)
    talk_.reset()
    second = talk(talk_, np.clip(loud, -1, 1))
    assert [tokens(step) for step in first] == [tokens(step) for step in second]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"latency_ms": -1}, "latency of -1 ms"),
        ({"latency_ms": 481}, "choose 0 to 480 ms"),
        ({"chunk_ms": 0}, "not trained"),
        ({"chunk_ms": 120}, "not trained"),
        ({"seed": -1}, "seed of -1"),
    ],
)
def test_settings_out_of_range_are_refused(
    bundle: Bundle, settings: dict[str, int], said: str
) -> None:
    with pytest.raises(DuologueError, match=said):
        Duplex(bundle, **settings)  # type: ignore[arg-type]


def test_a_closed_talk_is_over(duplex: Open) -> None:
    talk_ = duplex()
    talk_.close()
    talk_.close()
    with pytest.raises(ValueError, match="closed"):
        talk_.step(np.zeros(2560, np.float32))
    with pytest.raises(ValueError, match="closed"):
        talk_.reset()


def test_a_step_says_how_long_its_parts_took(duplex: Open) -> None:
    step = talk(duplex(), noise(3 * 2560))[-1]
    parts = dict(step.timings_ms)
    total_ms = parts.pop("total")
    assert set(parts) == {"encoder", "refeed", "estimate", "own", "vocoder"}
    assert all(part_ms >= 0 for part_ms in parts.values())
    assert 0 < sum(parts.values()) <= total_ms + 0.01


# --- a caller that is late, or keeps the latency itself -------------------------------------------


@chunk_lengths
@latencies
def test_sound_fed_when_it_is_due_gives_the_same_talk(
    duplex: Open, chunk_ms: int, latency_ms: int
) -> None:
    whole, early = duplex(chunk_ms, latency_ms), duplex(chunk_ms, latency_ms)
    audio = noise(8 * whole.format.chunk_samples)
    fed = 0
    for expected in talk(whole, audio):
        due = audio[fed : fed + early.due_samples]
        fed += len(due)
        step = early.step_due(due)
        assert tokens(step) == tokens(expected)
        np.testing.assert_array_equal(step.agent_audio, expected.agent_audio)
    assert fed == max(len(audio) - latency_ms * SAMPLES_PER_MS, 0)


def test_more_sound_than_is_due_is_refused(duplex: Open) -> None:
    talk_ = duplex(160, 40)
    with pytest.raises(DuologueError, match="1920"):
        talk_.step_due(noise(talk_.format.chunk_samples))
    talk_.step_due(noise(1920))


@latencies
def test_a_chunk_that_is_lost_keeps_its_estimate(duplex: Open, latency_ms: int) -> None:
    talk_ = duplex(160, latency_ms)
    audio = noise(20 * talk_.format.chunk_samples).reshape(20, -1)
    for index, chunk in enumerate(audio):
        lost = index in (7, 8, 12)
        step = talk_.step(chunk, lost=lost)
        if lost:
            assert step.user_units == []
            assert step.estimate_hits == step.estimate_misses == 0
        assert len(step.user_estimates) <= talk_.unknown_chunks
        assert step.index == index
    assert len(step.user_units) == 1


def test_a_step_whose_time_has_passed_says_nothing(duplex: Open) -> None:
    talk_ = duplex(160, 160)
    audio = noise(6 * talk_.format.chunk_samples).reshape(6, -1)
    heard = [talk_.step(chunk, speak=False) for chunk in audio]
    assert all(step.own_frames == [SILENCE] * 4 for step in heard)
    assert all(len(step.user_units) == 1 for step in heard[1:])


def test_the_agent_is_silent_at_once_where_it_yields(duplex: Open) -> None:
    """Its vocoder would say the last unit to its end."""
    talk_ = duplex(160, 0)
    sound = noise(3 * talk_.format.chunk_samples).reshape(3, -1)
    loud = talk_.step(sound[0])
    assert not loud.yields_floor
    step = talk_.step(sound[1], speak=False)
    assert step.yields_floor
    assert not step.agent_audio[80:].any()
    talk_.reset()
    quiet = 0.001 * sound
    talk_.step(quiet[0])
    step = talk_.step(quiet[1], speak=False)
    assert not step.yields_floor
    assert step.agent_audio[80:].any()


@pytest.mark.parametrize(("latency_ms", "begun"), [(160, 0), (120, 1), (100, 1), (80, 2), (0, 0)])
def test_an_estimate_begins_with_what_is_heard_of_the_chunk(
    tmp_path: Path, duplex: Open, latency_ms: int, begun: int
) -> None:
    bundle = write_tiny_bundle(tmp_path)
    talk_ = duplex(160, latency_ms, of=bundle)
    sound = noise(30 * talk_.format.chunk_samples)
    units = Tokenizer(bundle.tokenizer).encode_file(sound).reshape(-1, 4)
    steps = talk(talk_, sound)
    told = 0
    for step in steps[1:]:
        known = list(dict.fromkeys(units[step.index][:begun].tolist()))
        for estimate in step.user_estimates:
            assert estimate[: len(known)] == known or not estimate
            told += bool(known and estimate)
    assert (told > 10) == (begun > 0)


# --- a unit table of the agent's own, and a vocoder with a state ----------------------------------


@pytest.fixture(scope="module")
def two_tables(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("two"), own_units=True, state=True)


@chunk_lengths
def test_the_agent_speaks_its_own_units(two_tables: Bundle, duplex: Open, chunk_ms: int) -> None:
    talk_ = duplex(chunk_ms, of=two_tables)
    steps = talk(talk_, np.zeros(20 * talk_.format.chunk_samples, np.float32))
    said = [unit for step in steps for unit in step.own_frames]
    assert len(set(said)) > 10 and max(said) < OWN_UNIT_COUNT
    heard = {unit for step in steps for frames in step.user_units for unit in frames}
    assert heard == {SILENCE}
    sound = np.concatenate([step.agent_audio for step in steps])
    whole = Vocoder(two_tables.vocoder).sound([OWN_SILENCE] * PAST_FRAMES + said)[-len(sound) :]
    np.testing.assert_allclose(sound, whole, rtol=0, atol=1e-6)
    talk_.reset()
    again = talk(talk_, np.zeros(20 * talk_.format.chunk_samples, np.float32))
    for one, other in zip(steps, again, strict=True):
        assert tokens(one) == tokens(other)
        np.testing.assert_array_equal(one.agent_audio, other.agent_audio)


def test_the_agent_yields_with_its_own_silence(two_tables: Bundle, duplex: Open) -> None:
    talk_ = duplex(160, 0, seed=4, of=two_tables)
    sound = noise(3 * talk_.format.chunk_samples).reshape(3, -1)
    assert not talk_.step(sound[0]).yields_floor
    step = talk_.step(sound[1], speak=False)
    assert step.own_frames == [OWN_SILENCE] * 4
    assert step.yields_floor
    assert not step.agent_audio[80:].any()


def test_a_state_that_is_not_finite_is_counted_and_left_behind(
    tmp_path: Path, duplex: Open
) -> None:
    bundle = write_tiny_bundle(tmp_path, own_units=True, state=True)
    broken = 7
    # Behind the manifest's back; the bundle has been verified.
    write_tiny_state_vocoder(bundle.vocoder, unit_count=OWN_UNIT_COUNT, broken_unit=broken)
    steps = talk(duplex(of=bundle), noise(60 * 2560))
    with_it = [step for step in steps if broken in step.own_frames]
    assert 0 < len(with_it) < len(steps)
    for step in steps:
        assert np.isfinite(step.agent_audio).all()
        assert (step.not_numbers > 0) == (broken in step.own_frames)
        assert step.agent_audio.any() or broken in step.own_frames or step.yields_floor
