"""A study is balanced, blind and whole, and bad folders are refused with one sentence."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.errors import DuologueError
from engine.timebase import SAMPLE_RATE_HZ
from models.paper.rating_study import make_study, read_key, sheets, tones_sound
from models.speech.rooms import USER_DB, speech_level_db
from tests.bad_input import check_sentence, content

SYSTEMS, DIALOGUES = ("truth", "small model"), ("a", "b", "c")


def write_dialogues(folder: Path, seconds: float = 0.6) -> Path:
    """Dialogues of two systems, at very different levels."""
    rng = np.random.default_rng(0)
    for loudness, system in enumerate(SYSTEMS, 1):
        for name in DIALOGUES:
            path = folder / system / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            sound = rng.normal(0, 0.01 * loudness**3, (round(seconds * SAMPLE_RATE_HZ), 2))
            soundfile.write(path, sound, SAMPLE_RATE_HZ)
    return folder


def test_a_sheet_has_every_dialogue_once_and_a_square_every_clip_once() -> None:
    systems, dialogues = list("ABC"), [f"d{number}" for number in range(12)]
    planned = sheets(dialogues, systems, 6, seed=3)
    for sheet in planned:
        assert sorted(dialogue for _, dialogue in sheet) == sorted(dialogues)
        assert set(Counter(system for system, _ in sheet).values()) == {4}
        # Every stretch of three has all three systems.
        for start in range(0, 12, 3):
            assert {system for system, _ in sheet[start : start + 3]} == set(systems)
    heard = Counter(clip for sheet in planned for clip in sheet)
    assert len(heard) == 36
    assert set(heard.values()) == {2}
    assert len({tuple(sheet) for sheet in planned}) == 6


def test_the_page_is_blind_and_its_clips_are_equally_loud(tmp_path: Path) -> None:
    made = make_study(write_dialogues(tmp_path / "in"), tmp_path / "study", 4, 0.2)
    page = tmp_path / "study" / "page"
    told = "".join(path.read_text("utf8") for path in page.glob("*.*"))
    assert not any(name in told for name in SYSTEMS)
    assert sorted(path.stem for path in (page / "clips").iterdir()) == sorted(
        [*made.key.clips, *made.key.checks]
    )
    assert read_key(tmp_path / "study") == made.key
    assert made.ratings_per_clip == 2
    for name, clip in made.key.clips.items():
        sound, rate_hz = soundfile.read(page / "clips" / f"{name}.flac")
        assert len(sound) / rate_hz == pytest.approx(clip.seconds)
        level_db = speech_level_db(np.sqrt((sound**2).mean(axis=1)))
        assert level_db == pytest.approx(USER_DB, abs=0.2)


def test_every_sheet_has_checks_but_never_first(tmp_path: Path) -> None:
    key = make_study(write_dialogues(tmp_path / "in"), tmp_path / "study", 20, 0.2).key
    for sheet in key.sheets:
        assert sum(name in key.checks for name in sheet) == 2
        assert sheet[0] in key.clips


def test_a_check_has_as_many_tones_as_its_answer() -> None:
    loud = np.abs(tones_sound(4)[:, 0]) > 0.01
    # Joins the zero crossings inside a tone.
    tone = np.convolve(loud, np.ones(400), "same") > 0
    assert np.count_nonzero(np.diff(tone.astype(int)) == 1) == 4


def _no_folder(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()


def _one_missing(folder: Path) -> None:
    (folder / SYSTEMS[0] / "b.wav").unlink()


def _mono(folder: Path) -> None:
    soundfile.write(folder / SYSTEMS[0] / "b.wav", np.ones(16000) * 0.1, SAMPLE_RATE_HZ)


def _silent(folder: Path) -> None:
    soundfile.write(folder / SYSTEMS[0] / "b.wav", np.zeros((16000, 2)), SAMPLE_RATE_HZ)


def _no_sound(folder: Path) -> None:
    (folder / SYSTEMS[1] / "c.wav").write_bytes(b"RIFF")


def _short(folder: Path) -> None:
    soundfile.write(folder / SYSTEMS[0] / "b.wav", np.ones((4000, 2)) * 0.1, SAMPLE_RATE_HZ)


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (_no_folder, "holds no folders"),
        (_one_missing, "has no dialogue b"),
        (_mono, "b.wav has 1 channel;"),
        (_silent, "silent"),
        (_no_sound, "c.wav cannot be read"),
        (_short, "--prompt-seconds"),
    ],
)
def test_bad_folders_give_one_sentence_and_leave_nothing(
    tmp_path: Path, damage: object, named: str
) -> None:
    folder = write_dialogues(tmp_path / "in")
    assert callable(damage)
    damage(folder)
    before = content(tmp_path)
    with pytest.raises(DuologueError, match=named) as raised:
        make_study(folder, tmp_path / "study", 2, 0.3)
    check_sentence(str(raised.value))
    assert content(tmp_path) == before


def test_an_old_study_is_not_overwritten(tmp_path: Path) -> None:
    folder = write_dialogues(tmp_path / "in")
    make_study(folder, tmp_path / "study", 2, 0.3)
    before = content(tmp_path)
    with pytest.raises(DuologueError, match="there already"):
        make_study(folder, tmp_path / "study", 2, 0.3)
    assert content(tmp_path) == before
