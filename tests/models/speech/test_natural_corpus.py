"""The corpus of natural voices is reproducible, has no held-out voice, and only whole shards."""

import itertools
import json
import random

import numpy as np
import pytest

from engine.errors import DuologueError
from models.speech.corpus import Corpus
from models.speech.natural_corpus import (
    PlannedUtterance,
    draw_utterance,
    missing_shards,
    phone_segments,
    punctuated,
    read_natural,
    write_labelled,
    write_shard,
)
from models.speech.natural_voices import (
    HELD_OUT,
    POOR_READERS,
    SynthesisedSpeech,
    Voice,
    draw_voice,
    training_packs,
)
from models.speech.phones import PAUSE, PHONE_ID, from_misaki

_PACKS = ["af_a", "af_b", "am_c", "am_d", "bf_e", "bf_f", "bm_g", "zm_h"]


@pytest.fixture
def pack_folder(tmp_path):
    for name in (*_PACKS, *HELD_OUT, *POOR_READERS):
        (tmp_path / f"{name}.bin").touch()
    return tmp_path


def test_no_training_voice_is_made_of_a_held_out_pack(pack_folder):
    packs = training_packs(pack_folder)
    rng = random.Random(0)
    voices = [draw_voice(packs, rng) for _ in range(2000)]
    used = set().union(*(voice.packs for voice in voices))
    assert used == set(_PACKS)


def test_a_mix_is_of_one_sex_and_its_shares_add_up():
    rng = random.Random(1)
    voices = [draw_voice(_PACKS, rng) for _ in range(500)]
    assert any(len(voice.timbre) == 3 for voice in voices)
    assert any(voice.prosody for voice in voices)
    for voice in voices:
        assert len({name[1] for name in voice.packs}) == 1
        assert sum(share for _, share in voice.timbre) == pytest.approx(1)


def test_a_folder_without_packs_is_refused(tmp_path):
    with pytest.raises(DuologueError, match="style packs"):
        training_packs(tmp_path)


def test_a_row_depends_on_its_number_and_the_seed_alone():
    def draw(number, seed):
        return draw_utterance(number, seed, ["a b", "c d", "e f"], ["g h", "i j"], _PACKS)

    assert [draw(n, 1) for n in range(50)] == [draw(n, 1) for n in range(50)]
    assert [draw(n, 1) for n in range(50)] != [draw(n, 2) for n in range(50)]


def test_without_everyday_sentences_each_of_the_script_comes_in_turn():
    script = [f"sentence {number}" for number in range(30)]
    texts = [draw_utterance(number, 1, script, [], _PACKS).text for number in range(60)]
    assert sorted(texts[:30]) == sorted(script) and texts[:30] == texts[30:]
    assert texts[:30] != script


def test_questions_rise_and_statements_fall():
    assert punctuated("what time is it", bare=False) == "what time is it?"
    assert punctuated("tell me a story", bare=False) == "tell me a story."
    assert punctuated("tell me a story", bare=True) == "tell me a story"


def _tone(row):
    lengths = np.array([4, 8, 6, 4], np.int16)
    samples = int(lengths.sum()) * 600
    return SynthesisedSpeech(
        np.sin(np.arange(samples) / 20 * row.speed).astype(np.float32), "ab", lengths
    )


def test_a_shard_comes_back_as_it_was_spoken(tmp_path):
    rows = [
        PlannedUtterance(text, Voice((("af_a", 1.0),)), speed)
        for text, speed in (("x", 1.0), ("y", 0.9))
    ]
    assert missing_shards(tmp_path, 150) == [0, 1]
    write_shard(tmp_path, 0, rows, _tone)
    assert missing_shards(tmp_path, 150) == [1]
    (first, sound), (second, _) = read_natural(tmp_path)
    assert (first["text"], second["text"]) == ("x", "y")
    assert first["voice"] == "kokoro:af_a*1.00"
    assert second["lengths"] == [4, 8, 6, 4]
    # 22 lengths of 25 ms, at 16 kHz
    assert len(sound) == first["samples"] == 22 * 400
    assert np.abs(sound).max() == pytest.approx(0.7, abs=0.01)


def test_a_shard_that_was_broken_off_is_written_again(tmp_path):
    def fails_at_second(row):
        if row.text == "y":
            raise DuologueError("no")
        return _tone(row)

    rows = [PlannedUtterance(text, Voice((("af_a", 1.0),)), 1.0) for text in "xy"]
    with pytest.raises(DuologueError):
        write_shard(tmp_path, 0, rows, fails_at_second)
    assert missing_shards(tmp_path, 100) == [0]
    write_shard(tmp_path, 0, rows, _tone)
    assert not list(tmp_path.glob("*.part"))
    lines = (tmp_path / "shard-00000.jsonl").read_text().splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["x", "y"]


def test_marks_and_spaces_belong_to_phones():
    pause, w, ah, n, t, uw = (PHONE_ID[phone] for phone in "pau w ah n t uw".split())
    segments = phone_segments("wˈʌn tˈuː.", [4, 1, 1, 2, 1, 2, 1, 1, 3, 1, 4, 2])
    assert [phone for _, _, phone in segments] == [pause, w, ah, n, t, uw, pause, pause]
    lengths = [(end - start) / 400 for start, end, _ in segments]
    # The sound is two steps earlier than the lengths say.
    assert lengths == [2, 1, 3, 2, 2, 5, 4, 4]
    assert all(one[1] == next[0] for one, next in itertools.pairwise(segments))


def test_shards_become_a_labelled_corpus(tmp_path):
    shards, folder = tmp_path / "shards", tmp_path / "corpus"
    shards.mkdir()
    rows = [
        PlannedUtterance("ab", Voice(((pack, 1.0),)), 1.0) for pack in ("af_a", "am_adam", "am_c")
    ]
    write_shard(shards, 0, rows, _tone)
    assert write_labelled(shards, folder) == 1
    corpus = Corpus(folder)
    assert [one.voice for one in corpus.utterances] == ["kokoro:af_a*1.00", "kokoro:am_c*1.00"]
    labels = corpus.labels[corpus.label_slice(corpus.utterances[1])]
    # 50 ms of silence, 200 of "a", 150 of "b", 150 of silence, then the frame is filled.
    a, b = from_misaki("a"), from_misaki("b")
    assert labels.tolist() == [PAUSE] * 3 + [a] * 10 + [b] * 7 + [PAUSE] * 8
