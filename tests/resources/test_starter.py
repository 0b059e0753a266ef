"""The starter bundle as it is shipped: whole, small, and on speaking terms with the sample."""

from __future__ import annotations

import numpy as np
import pytest

from app.cli.user_sound import sample_path
from engine.record.transcript import Transcript
from engine.sound.audio_file import read_mono
from engine.syncllm.bundle import Bundle, load_bundle
from engine.syncllm.duplex import Duplex
from engine.syncllm.unit_encoder import Tokenizer, measure_agreement
from engine.syncllm.vocoder import StreamingVocoder, Vocoder
from engine.timebase import SAMPLE_RATE_HZ
from models import script
from models.evaluate.answers import Conversation, converse
from models.evaluate.context import Run, context_of
from models.evaluate.sentence_matcher import plain_sentences
from models.script.scene import single
from models.script.turn_taking import STORIES

MAX_BYTES = 60_000_000


@pytest.fixture(scope="module")
def starter() -> Bundle:
    return load_bundle()


@pytest.fixture(scope="module")
def sample() -> np.ndarray:
    return read_mono(sample_path(), 24.0)


def test_it_is_small(starter: Bundle) -> None:
    assert sum(path.stat().st_size for path in starter.folder.iterdir()) <= MAX_BYTES


def test_it_tells_nothing_of_the_machine_that_made_it(starter: Bundle) -> None:
    for path in starter.folder.iterdir():
        assert b"site-packages" not in path.read_bytes(), path.name


def test_it_has_a_card(starter: Bundle) -> None:
    card = (starter.folder / "MODEL_CARD.md").read_text(encoding="utf8")
    assert starter.manifest.version in card


def test_streaming_units_are_nearly_those_of_the_file(starter: Bundle, sample: np.ndarray) -> None:
    tokenizer = Tokenizer(starter.tokenizer, starter.manifest.unit_count)
    window_ms = starter.manifest.encoder.window_ms
    assert measure_agreement(tokenizer, sample, 4, window_ms, 0).share > 0.9


def test_the_voice_has_no_seams(starter: Bundle) -> None:
    manifest = starter.manifest
    model = Vocoder(starter.vocoder)
    units = np.random.default_rng(0).integers(0, manifest.own_unit_count, 60).tolist()
    past = [manifest.own_silence_unit] * manifest.vocoder.past_frames
    whole = model.sound([*past, *units])[-60 * 640 :]
    stream = StreamingVocoder(model, manifest.vocoder.past_frames, manifest.own_silence_unit)
    parts = [stream.push(units[start : start + 4]) for start in range(0, 60, 4)]
    told = np.concatenate(parts)
    # Rounding depends a little on the chunk, so the phases drift; levels do not, and nothing jumps.
    levels = [np.square(sound.reshape(60, 640)).mean(1) ** 0.5 for sound in (told, whole)]
    assert np.corrcoef(*levels)[0, 1] > 0.98
    bends = np.abs(np.diff(told, 2))
    seams = np.arange(2560, len(told), 2560)[:, None] + np.arange(-3, 2)
    assert bends[seams].max() < np.quantile(bends, 0.999)


@pytest.mark.parametrize("chunk_ms", [160, 200, 240])
def test_it_answers_something_and_waits_for_the_user(
    starter: Bundle, sample: np.ndarray, chunk_ms: int
) -> None:
    duplex = Duplex(starter, chunk_ms, seed=1)
    chunk = duplex.format.chunk_samples
    sound = [
        duplex.step(sample[start : start + chunk]).agent_audio
        for start in range(0, len(sample) - chunk + 1, chunk)
    ]
    duplex.close()
    track = np.concatenate(sound)
    assert np.isfinite(track).all()
    assert (np.abs(track) > 0.1).sum() > SAMPLE_RATE_HZ // 20  # some words at least
    before_the_user_speaks = track[: SAMPLE_RATE_HZ // 2]
    assert np.abs(before_the_user_speaks).max() < 0.05


@pytest.mark.parametrize("chunk_ms", [160, 240])
def test_it_answers_all_of_the_sample_rightly(starter: Bundle, chunk_ms: int) -> None:
    sample = read_mono(sample_path())
    duplex = Duplex(starter, chunk_ms, seed=0)
    chunk = duplex.format.chunk_samples
    transcript = Transcript(chunk)
    for start in range(0, len(sample) - chunk + 1, chunk):
        transcript.add(duplex.step(sample[start : start + chunk]))
    duplex.close()
    greeting, italy, france, correction, day, story, stop, order, farewell = (
        line.text for line in transcript.lines if line.side == "agent"
    )
    assert greeting == "good morning to you"
    assert (italy, france, correction) == (
        "the capital is rome",
        "the capital is paris",
        "the capital is madrid",
    )
    assert day == "after it comes saturday"
    # "mm hmm" comes with the eleventh word or so; the story ends with "okay stop".
    assert any(told.startswith(story[:60]) for told in STORIES)
    assert stop == "okay"
    assert order == "one large latte with soy milk"
    assert farewell.startswith("goodbye")


def test_it_answers_strangers_rightly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "agent_sentences", lambda: script.first_agent_sentences()[::8])
    plain_sentences.cache_clear()
    asked = script.EXCHANGES[:: len(script.EXCHANGES) // 12]
    scenes = tuple(single(one.intent, one.agent, one.user) for one in asked)
    answers = converse(Conversation(0, scenes, "clean", None), Run())
    plain_sentences.cache_clear()
    context_of.cache_clear()
    assert sum(answer.right for answer in answers) >= 0.6 * len(answers)
    # The whole measure is in the model card.
