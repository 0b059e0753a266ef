"""An animated picture of the conversation page, for the README.

It shows a real conversation with the bundled sample as the microphone. Pillow writes the file; Qt
cannot write animations.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from PIL import Image, features
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QImage

from app.window.pages.talk import TalkPage
from app.window.sample_window import SampleWindow, sample_window
from engine.atomic_write import writing_whole
from engine.errors import DuologueError
from engine.sound.audio_file import read_mono

_SIZE = QSize(1016, 560)
_FRAME_SECONDS = 0.12
_LAST_FRAME_MS = 1500
_GAP_PX, _ABOVE_BUTTONS_PX = 4, 12
_OTHER_PAGE, _WARM_UP_SECONDS = 2, 1.0
_QUALITY = 70


def animate(sample: Path, path: Path, from_seconds: float, seconds: float) -> Path:
    """Write ``seconds`` of the conversation as an animated WebP file; returns its path."""
    if path.exists():
        raise DuologueError(f"{path} is there already; choose another name with --out.")
    if not features.check("webp"):
        raise DuologueError("Pillow cannot write WebP here; run this from the source tree.")
    end_seconds = from_seconds + seconds
    with sample_window(read_mono(sample, end_seconds + 1), _SIZE) as shown:
        frames, times = _record(shown, from_seconds, end_seconds)
    lengths_ms = [round(1000 * (after - before)) for before, after in pairwise(times)]
    with writing_whole(path) as part:
        frames[0].save(
            part,
            "WEBP",
            save_all=True,
            append_images=frames[1:],
            duration=[*lengths_ms, _LAST_FRAME_MS],
            loop=0,
            quality=_QUALITY,
        )
    return path


def _record(
    shown: SampleWindow, from_seconds: float, end_seconds: float
) -> tuple[list[Image.Image], list[float]]:
    """Frames, and the time of each in the conversation."""
    talk = shown.window.talk
    talk.diagnostics_button.hide()
    talk.metrics_panel.hide()
    shown.window.notice_bar.setMaximumHeight(0)
    talk.hint_label.setFixedHeight(talk.hint_label.fontMetrics().lineSpacing() + _GAP_PX)
    shown.window.show_page(_OTHER_PAGE)  # the tracks are painted only when they are needed
    shown.window.session.start()
    frames: list[Image.Image] = []
    times: list[float] = []
    shown.wait(lambda: shown.heard_seconds >= from_seconds - _WARM_UP_SECONDS)
    shown.window.show_page(0)
    shown.wait(lambda: shown.heard_seconds >= from_seconds)
    # The state and both tracks, without the buttons.
    region = QRect(QPoint(0, 0), QSize(talk.width(), talk.start_button.y() - _ABOVE_BUTTONS_PX))
    troubles = _troubles(shown)
    due = from_seconds
    while due < end_seconds:
        shown.wait(lambda: talk.waveform.shown_seconds >= due)  # noqa: B023 - called at once
        times.append(talk.waveform.shown_seconds)
        frames.append(_frame(talk, region))
        due = max(due, times[-1]) + _FRAME_SECONDS
    shown.stop()
    if _troubles(shown) > troubles:
        raise DuologueError("The computer was too busy for an even picture; try again.")
    return frames, times


def _troubles(shown: SampleWindow) -> int:
    metrics = shown.window.session.metrics()
    if metrics is None:
        return 0
    counts = metrics.counts
    return counts.late_chunks + counts.lost_samples + counts.device_changes


def _frame(talk: TalkPage, region: QRect) -> Image.Image:
    image = talk.grab(region).toImage().convertToFormat(QImage.Format.Format_RGB888)
    size = image.width(), image.height()
    return Image.frombuffer(
        "RGB", size, bytes(image.constBits()), "raw", "RGB", image.bytesPerLine()
    )
