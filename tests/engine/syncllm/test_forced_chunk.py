"""Chunks that the language model did not think of: conditions, context, and no trace otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.syncllm.bundle import Bundle
from engine.syncllm.clock import ClockStep, max_step_tokens
from engine.syncllm.duplex import Duplex, Step
from engine.syncllm.forced_chunk import ForcedChunk, Opening
from engine.syncllm.sampling import Sampling
from engine.syncllm.tokens import deduplicated_units, interpolated_units
from tests.engine.syncllm.test_clock import (
    FORMAT,
    HEARING,
    OWN_BASE,
    S0,
    SILENCE,
    WitnessedLlama,
    formats,
    start,
    true_history,
    user_chunks,
)
from tests.engine.tiny_bundle import write_tiny_bundle
from tests.engine.tiny_llama import write_tiny_llama

PLAIN = Sampling(temperature=1.0, top_p=1.0)


@pytest.fixture(scope="module")
def wild_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_llama(tmp_path_factory.mktemp("models") / "wild.gguf")


@pytest.fixture(scope="module")
def shared_llama(wild_path: Path) -> Iterator[WitnessedLlama]:
    llama = WitnessedLlama(wild_path, 1024)
    yield llama
    llama.close()


@pytest.fixture
def llama(shared_llama: WitnessedLlama) -> WitnessedLlama:
    shared_llama.truncate(0)
    shared_llama.batches.clear()
    return shared_llama


def decided(steps: Sequence[ClockStep]) -> list[tuple[object, ...]]:
    return [(step.own_units, step.own_text, step.user_estimates) for step in steps]


# --- how a sentence begins ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "frames", "verdict"),
    [
        (0, [0, 0, 0, 0], False),  # nothing is said
        (0, [0, 0, 5, 5], None),  # too little to know
        (0, [0, 5, 6, 6], None),
        (0, [5, 6, 7, 7], True),
        (0, [5, 6, 7, 7, 8, 9, 9], True),  # and more behind it
        (0, [5, 6, 4, 8, 8], True),  # one unit differs
        (0, [5, 7, 8, 8], True),  # one is missing
        (0, [5, 2, 3, 8], False),
        (0, [5, 5, 2, 2], False),
        (0, [6, 7, 8, 9], False),  # another first unit is another sentence
        (9, [5, 6, 7, 8], False),  # in the middle of something else
        (9, [0, 5, 6, 7], True),  # behind something else
        (0, [5, 16, 7, 7], True),  # the same phone at another pitch
    ],
)
def test_an_opening_is_known_by_its_first_units(
    before: int, frames: list[int], verdict: bool | None
) -> None:
    opening = Opening((5, 6, 7, 8), 0, {16: 6})
    assert opening.verdict(before, frames) is verdict


# --- in the clock ---------------------------------------------------------------------------------


@formats
@pytest.mark.parametrize("unknown", [0, 1, 2, 3])
def test_the_model_knows_what_it_was_made_to_say(
    llama: WitnessedLlama, fmt: object, unknown: int
) -> None:
    """Estimates, replacement and roll-back go on as ever around forced chunks."""
    assert isinstance(fmt, type(FORMAT))
    clock = start(llama, fmt)
    user = user_chunks(fmt, 20)
    answer = user_chunks(fmt, 20, seed=9)
    own: list[list[int]] = [[SILENCE]]
    last = SILENCE
    for beat in range(len(user)):
        known = beat - unknown
        forced = ForcedChunk(tuple(answer[beat])) if beat % 5 else None
        step = clock.advance([user[known]] if known >= 0 else [], forced=forced)
        own.append(step.own_units)
        if forced:
            assert step.forced_frames == answer[beat]
            assert step.own_units == deduplicated_units(answer[beat], last, fmt)
            assert step.own_frames == interpolated_units(step.own_units, last, fmt)
        else:
            assert step.forced_frames is None
        last = step.own_frames[-1]
        expected = true_history(fmt, own, user[: max(known + 1, 0)], step.user_estimates)
        assert llama.tokens == expected[: llama.length]
        assert clock.context_tokens == len(expected)


def test_a_forced_chunk_is_fed_with_what_follows(llama: WitnessedLlama) -> None:
    clock = start(llama)
    clock.advance([])
    llama.batches.clear()
    clock.advance([[90, 91, 92, 93]], forced=ForcedChunk((5, 6, 7, 8)))
    # The estimate takes as many as ever; the agent's chunk waits behind its tag.
    assert llama.batches[-1][-1] == S0
    assert llama.tokens[-1] == S0
    llama.batches.clear()
    clock.advance([[80, 81, 82, 83]], forced=ForcedChunk((5, 5, 5, 5)))
    assert llama.batches[0][-4:] == [5, 6, 7, 8]


def test_silence_in_its_place_where_it_is_likelier(llama: WitnessedLlama) -> None:
    clock = start(llama)
    step = clock.advance([], forced=ForcedChunk((5, 6, 7, 8), yields_above=1.0))
    assert not step.yields
    assert 0 < step.silence_probability < 1
    just_below = step.silence_probability * 0.999
    for yields_above, yields in ((just_below, True), (step.silence_probability, False)):
        again = start(llama).advance([], forced=ForcedChunk((5, 6, 7, 8), (), yields_above))
        assert again.yields is yields
        assert again.forced_frames == ([SILENCE] * 4 if yields else [5, 6, 7, 8])
        assert again.own_frames == again.forced_frames


def test_the_probability_is_that_of_what_is_sampled(llama: WitnessedLlama) -> None:
    """Over many seeds the agent begins its second chunk with silence as often as was told."""
    silent, told = 0, 0.0
    for seed in range(300):
        clock = start(llama, seed=seed, sampling=PLAIN)
        clock.advance([], forced=ForcedChunk((30, 31, 32, 33)))
        step = clock.advance([[SILENCE] * 4])
        silent += step.own_units[:1] == [SILENCE]
        told += step.silence_probability
    assert abs(silent - told) < 4 * np.sqrt(max(told, 1))


@pytest.mark.parametrize("slot", [None, HEARING])
@pytest.mark.parametrize("unknown", [1, 3])
def test_what_does_not_come_true_leaves_no_trace(
    llama: WitnessedLlama, slot: object, unknown: int
) -> None:
    fmt = replace(FORMAT, unit_count=OWN_BASE, text=HEARING) if slot else FORMAT
    user = [[unit % 60 for unit in chunk] for chunk in user_chunks(fmt, 30)]
    looked_ahead = 0
    talks: list[list[tuple[object, ...]]] = []
    steps_of: list[ClockStep] = []
    for attached in (False, True):
        clock = start(llama, fmt, seed=2)
        steps = []
        for beat in range(len(user)):
            forced = None
            if attached:
                # Its last unit may begin the sentence, so the clock has to look ahead.
                *_, pause, first = steps_of[beat].own_frames
                opening = Opening((first, 200, 201, 202), pause)
                forced = ForcedChunk((1, 2, 3, 4), instead_of=opening)
                before = steps_of[beat - 1].own_frames[-1] if beat else SILENCE
                looked_ahead += opening.verdict(before, steps_of[beat].own_frames) is None
            known = beat - unknown
            steps.append(clock.advance([user[known]] if known >= 0 else [], forced=forced))
        steps_of = steps
        talks.append(decided(steps))
        assert all(step.forced_frames is None for step in steps)
    assert talks[0] == talks[1]
    assert looked_ahead > 0


def test_what_comes_true_is_as_if_forced_at_once(llama: WitnessedLlama) -> None:
    """So a replay, which has no condition, gives the same tokens."""
    user = user_chunks(FORMAT, 12)
    found = 0
    for seed in range(12):
        said = start(llama, seed=seed).advance([]).own_units
        talks = []
        for instead_of in (Opening((*said, 1, 2, 3)[:4], SILENCE), None):
            clock = start(llama, seed=seed)
            forced = ForcedChunk((5, 5, 6, 6), instead_of=instead_of)
            steps = [clock.advance([], forced=forced)]
            steps += [clock.advance([heard]) for heard in user]
            talks.append((steps[0].forced_frames, decided(steps)))
        if talks[0][0]:
            found += 1
            assert talks[0] == talks[1]
    assert found > 3


def test_looking_ahead_keeps_the_context_in_bounds(wild_path: Path) -> None:
    """A full context has no room to look ahead, and the conversation goes on."""
    llama = WitnessedLlama(wild_path, 120 + max_step_tokens(FORMAT))
    clock = start(llama)
    user = user_chunks(FORMAT, 200)
    for beat in range(len(user)):
        opening = Opening((beat % 200, 201, 202, 203), SILENCE)
        forced = ForcedChunk((SILENCE,) * 4, instead_of=opening)
        clock.advance([user[beat - 3]] if beat >= 3 else [], forced=forced)
        assert llama.length == len(llama.tokens) <= llama.capacity
    llama.close()


def test_a_forced_chunk_has_the_agents_units(llama: WitnessedLlama) -> None:
    clock = start(llama)
    for frames in ((1, 2, 3), (1, 2, 3, 200), (-1, 1, 1, 1)):
        with pytest.raises(ValueError, match="forced chunk"):
            clock.advance([], forced=ForcedChunk(frames))
    assert clock.advance([]).own_frames  # nothing is lost


# --- in the duplex core ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reading_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("bundle")
    return write_tiny_bundle(folder, reader=True, own_units=True, state=True)


def test_the_captions_have_the_words_that_were_forced(reading_bundle: Bundle) -> None:
    duplex = Duplex(reading_bundle)
    sound = np.random.default_rng(0).uniform(-0.3, 0.3, 2560).astype(np.float32)
    step = duplex.step(sound, forced=ForcedChunk((1, 2, 3, 5), (" let", " me")))
    assert step.own_text == [" let", " me"]
    assert step.own_frames == [1, 2, 3, 5]
    assert np.abs(step.agent_audio).max() > 0
    step = duplex.step(sound, forced=ForcedChunk((1, 2, 3, 5), (" think",), yields_above=-1.0))
    assert (step.own_text, step.yields, step.yields_floor) == ([], True, True)
    assert not step.agent_audio[80:].any()  # faded out within 5 ms
    duplex.close()


class Silent:
    """A prompter that never says anything."""

    def __init__(self) -> None:
        self.heard = self.steps = 0

    def reset(self) -> None:
        self.heard = self.steps = 0

    def prompt(self, user_audio: np.ndarray) -> ForcedChunk | None:
        self.heard += len(user_audio)
        return None

    def spoke(self, step: Step) -> None:
        self.steps += 1

    def miss(self, user_audio: np.ndarray, chunks: int) -> None:
        self.heard += len(user_audio)
        self.steps += chunks


@pytest.mark.parametrize(("chunk_ms", "latency_ms"), [(160, 160), (200, 320), (240, 80)])
def test_a_prompter_that_says_nothing_changes_nothing(
    reading_bundle: Bundle, chunk_ms: int, latency_ms: int
) -> None:
    duplex = Duplex(reading_bundle, chunk_ms, latency_ms, seed=4)
    size = duplex.format.chunk_samples
    sound = np.random.default_rng(1).uniform(-0.5, 0.5, 20 * size).astype(np.float32)
    talks = []
    prompter = Silent()
    for attached in (None, prompter):
        duplex.attach(attached)
        duplex.reset()
        steps, used = [], 0
        for missed in (0,) * 6 + (3,) + (0,) * 6:
            due = sound[used : used + duplex.due_samples_of(missed or 1)]
            used += len(due)
            steps += duplex.miss(due, missed) if missed else [duplex.step_due(due)]
        talks.append([(s.own_units, s.user_estimates, s.own_text, s.heard_text) for s in steps])
    assert talks[0] == talks[1]
    assert (prompter.heard, prompter.steps) == (used, 15)
    duplex.close()
