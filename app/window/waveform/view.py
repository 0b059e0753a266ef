"""The waveform widget: both speakers on one time axis, the user above, the agent below.

It handles scrolling, zooming and following. Settled bars are cached, and a frame paints only what
has changed. Its clock is the conversation's, smoothed. Window's thread only.
"""

from __future__ import annotations

import time
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.timeline import COLUMN_SAMPLES, Mark, MarkKind, Outcome, Timeline
from app.window import theme
from app.window.sentences import translate_sentence
from app.window.waveform.bars import AXIS_PX, BAR_PITCH_PX, Scale, clock_text
from app.window.waveform.cache import NewestPixmap, PaintContext, SettledPixmap
from app.window.waveform.overlays import OverlayPixmaps
from engine.timebase import SAMPLE_RATE_HZ

FRAME_MS = 50
"""At the usual scale the picture moves by little more than one bar in this time, and news come as
often."""
SPARING_FRAME_MS = 200
"""The same for a computer that has no time to draw."""
_MIN_PX_SECOND, _MAX_PX_SECOND = 0.02, 1600.0
_USUAL_PX_SECOND = 75.0
_ZOOM = 1.25
_AHEAD_SHARE = 0.14
"""Share of the width for the model's estimates."""
_UNSETTLED_SECONDS = 0.8
"""Sound newer than this is repainted in each frame: its meaning may still change."""
_CATCH_UP = 0.25
_BEHIND_SECONDS = 0.15
"""The clock stays this far behind the newest sound, which arrives in bursts. What is painted ahead
of it serves the next frames."""
_MAX_BEHIND_SECONDS = 0.5
_HOVER_PX = 6
_SETTLE_BARS = 8


@lru_cache(8)
def _scale_of(px_second: float, height_px: int) -> Scale:
    return Scale(px_second, height_px)


class WaveformView(QWidget):
    """Shows one timeline, live or finished."""

    time_clicked = Signal(object)
    """The sample that the user clicked; Qt's int would overflow after 37 hours."""
    follow_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._timeline: Timeline | None = None
        self.placeholder = ""
        """Text shown while there is no timeline."""
        self._live = False
        self._follow = True
        self._px_second = _USUAL_PX_SECOND
        self._left = 0.0
        """The sample at the left edge."""
        self._shown_end = 0.0
        self._painted_revision = 0
        self._fresh_px = 0
        """The x from which on the last frame showed the newest sound and what lies ahead."""
        self._clock = time.perf_counter()
        self._cursor: int | None = None
        self._hover: QPoint | None = None
        self._drag: tuple[float, float] | None = None
        self._dragged = False
        self._settled, self._newest, self._overlays = (
            SettledPixmap(),
            NewestPixmap(),
            OverlayPixmaps(),
        )
        self.frames = 0
        """Number of frames painted so far."""
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._tick)
        self.setMinimumSize(QSize(240, 140))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        # Otherwise the card behind would be repainted in every frame.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Waveforms of both speakers"))
        self.setAccessibleDescription(
            self.tr(
                "You are at the top and the agent at the bottom, on one time axis. Plus and minus "
                "zoom, the arrow keys scroll, Home shows the beginning, End follows the "
                "conversation."
            )
        )

    # --- what is shown ----------------------------------------------------------------------------

    def set_timeline(self, timeline: Timeline | None, live: bool = True) -> None:
        """Show a timeline; one that is not ``live`` is shown as a whole."""
        self._timeline, self._live = timeline, live
        self._cursor = None
        self._settled.forget()
        self._shown_end = float(timeline.length_samples) if timeline else 0.0
        self.set_follow(live)
        if timeline and not live:
            self.fit()
        self._run()
        self.update()

    def end_live(self) -> None:
        """The conversation has ended; stop moving."""
        self._live = False
        self._run()
        self.update()

    def set_sparing(self, sparing: bool) -> None:
        """Draw less often, for a computer that has no time for it."""
        self._timer.setInterval(SPARING_FRAME_MS if sparing else FRAME_MS)

    @property
    def shown_seconds(self) -> float:
        """How much of a live conversation the picture shows; it runs smoothly, news do not."""
        return self._shown_end / SAMPLE_RATE_HZ

    @property
    def follows(self) -> bool:
        """Whether the view follows the conversation."""
        return self._follow

    def set_follow(self, follow: bool) -> None:
        """Follow the conversation, or stand still."""
        if follow != self._follow:
            self._follow = follow
            self.follow_changed.emit(follow)
        self._run()
        self.update()

    def show_cursor(self, sample: int | None) -> None:
        """Show the position of playback, and scroll by pages with it."""
        self._cursor = sample
        if sample is not None:
            seen = self._width_samples
            if not self._left <= sample < self._left + seen:
                self._left = max(sample - 0.1 * seen, 0)
        self.update()

    def fit(self) -> None:
        """Show the whole timeline."""
        if self._timeline and self._timeline.length_samples:
            seconds = self._timeline.length_samples / SAMPLE_RATE_HZ
            self._px_second = self._allowed(self.width() / seconds)
            self._left = 0.0
        self.update()

    def zoom(self, factor: float, at_px: float | None = None) -> None:
        """Show less time (factor above 1) or more; the time at ``at_px`` stays in place."""
        if at_px is None:
            at_px = self._now_px if self._follow else self.width() / 2
        sample = self._sample_at(at_px)
        self._px_second = self._allowed(self._px_second * factor)
        if not self._follow:
            self._move_to(sample - at_px * self._scale.samples_px)
        self.update()

    def scroll(self, px: float) -> None:  # type: ignore[override]
        """Scroll by ``px`` pixels; this ends following."""
        self.set_follow(False)
        self._move_to(self._left + px * self._scale.samples_px)
        self.update()

    @property
    def _scale(self) -> Scale:
        return _scale_of(self._px_second, self.height())

    @property
    def _width_samples(self) -> float:
        return self.width() * self._scale.samples_px

    @property
    def _now_px(self) -> float:
        return self.width() * (1 - _AHEAD_SHARE)

    def _allowed(self, px_second: float) -> float:
        return min(max(px_second, _MIN_PX_SECOND), _MAX_PX_SECOND)

    def _sample_at(self, px: float) -> float:
        return self._left + px * self._scale.samples_px

    def _px_of(self, sample: float) -> float:
        return (sample - self._left) / self._scale.samples_px

    def _move_to(self, left: float) -> None:
        length = self._timeline.length_samples if self._timeline else 0
        most = max(length - (1 - _AHEAD_SHARE) * self._width_samples, 0)
        self._left = min(max(left, 0.0), most)
        if self._live and not self._follow and left >= most and length > self._width_samples:
            self.set_follow(True)

    # --- time -------------------------------------------------------------------------------------

    def _run(self) -> None:
        """Run the frame timer only while the view is live and visible."""
        wanted = self._live and self.isVisible() and self._timeline is not None
        if wanted and not self._timer.isActive():
            self._clock = time.perf_counter()
            self._timer.start()
        elif not wanted:
            self._timer.stop()

    def _tick(self) -> None:
        """Advance the clock evenly, although sound arrives in bursts."""
        handle = self.window().windowHandle()
        if self._timeline is None or not handle or not handle.isExposed():
            return  # minimized, or covered
        now = time.perf_counter()
        passed, self._clock = now - self._clock, now
        length = self._timeline.length_samples
        behind = length - self._shown_end
        if not 0 <= behind < _MAX_BEHIND_SECONDS * SAMPLE_RATE_HZ:
            self._shown_end = float(length)
        elif behind:
            step = passed * SAMPLE_RATE_HZ + _CATCH_UP * (behind - _BEHIND_SECONDS * SAMPLE_RATE_HZ)
            self._shown_end = min(self._shown_end + max(step, 0.0), float(length))
        elif self._follow:
            return  # nothing new to show
        self._show_changes(self._timeline)

    def _show_changes(self, timeline: Timeline) -> None:
        """Ask for a frame of what the last one did not show."""
        px = self.devicePixelRatioF() / self._scale.samples_px
        moves = round(self._left_to_show() * px) != round(self._left * px)
        if moves or timeline.revision != self._painted_revision:
            self.update()
        elif self._fresh_px < self.width():
            self.update(self._fresh_px, 0, self.width() - self._fresh_px, self.height())

    def _left_to_show(self) -> float:
        """The sample at the left edge in the next frame."""
        if self._follow and self._live:
            return max(self._shown_end - self._now_px * self._scale.samples_px, 0.0)
        return self._left

    # --- painting ---------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        self.frames += 1
        painter = QPainter(self)
        look = theme.current()
        timeline = self._timeline
        if timeline is None or (not timeline.length_samples and not self._live):
            painter.fillRect(self.rect(), QColor(look.card))
            self._paint_nothing(painter, look)
            painter.end()
            return
        self._left = self._left_to_show()
        self._painted_revision = timeline.revision
        # The cache holds whole bars; the rest is the offset.
        first = int(np.floor(self._left / self._scale.bar_samples))
        last = first + self.width() // BAR_PITCH_PX + 2
        end = self._shown_end if self._live else float(timeline.length_samples)
        unsettled = _UNSETTLED_SECONDS * SAMPLE_RATE_HZ if self._live else 0
        settled = last
        if self._live:
            settled = (
                int((end - unsettled) / self._scale.bar_samples) // _SETTLE_BARS * _SETTLE_BARS
            )
        context = PaintContext(timeline, self.size(), self.devicePixelRatioF(), self._scale)
        settled = max(settled, first)
        self._settled.fill(context, first, min(last, settled))
        offset = -(self._left / self._scale.bar_samples - first) * BAR_PITCH_PX
        before = (first - self._settled.left) * BAR_PITCH_PX
        painter.drawPixmap(QPointF(offset - before, 0), self._settled.pixmap)
        if self._live:
            self._newest.fill(context, settled, self._shown_end)
            left_px = offset + (self._newest.left - first) * BAR_PITCH_PX
            self._fresh_px = max(int(left_px), 0)
            self._paint_newest(painter, left_px)
            self._paint_ahead(painter, look, timeline)
        self._paint_legend(painter, look)
        if self._cursor is not None:
            self._paint_line(painter, self._px_of(self._cursor), look.accent, 2)
        if self._hover is not None and self._drag is None:
            self._paint_hover(painter, look, timeline)
        if self.hasFocus():
            painter.setPen(QPen(QColor(look.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(0.5, 0.5, self.width() - 1, self.height() - 1), 6, 6)
        painter.end()

    def _paint_newest(self, painter: QPainter, left_px: float) -> None:
        """Paint the newest bars up to now."""
        axis_y = self._scale.axis_y
        for clip in (
            QRectF(0, 0, self._px_of(self._shown_end), axis_y),
            # The newest label extends past now.
            QRectF(0, axis_y, self.width(), AXIS_PX),
        ):
            painter.setClipRect(clip)
            painter.drawPixmap(QPointF(left_px, 0), self._newest.pixmap)
        painter.setClipping(False)

    def _paint_ahead(self, painter: QPainter, look: theme.Theme, timeline: Timeline) -> None:
        """Paint the line of now, the current chunk, and the open estimates of the user's chunks."""
        scale, chunk = self._scale, timeline.chunk_samples
        current = int(self._shown_end // chunk)
        user_y, agent_y, half = scale.lanes
        shade = QColor(look.accent)
        shade.setAlpha(26)
        width = chunk / scale.samples_px
        painter.fillRect(QRectF(self._px_of(current * chunk), 0, width, scale.axis_y), shade)
        self._paint_line(painter, self._px_of(self._shown_end), look.accent, 1)
        for index, speech in timeline.open_estimates(current - 2):
            x, height = self._px_of(index * chunk), half * (1.2 if speech else 0.3)
            self._paint_estimate_box(painter, look.user, x, width, user_y, height)
        # The agent's next chunk is computed but not yet heard.
        made = timeline.next_step
        if made * chunk > self._shown_end - chunk:
            x = self._px_of(made * chunk)
            self._paint_estimate_box(painter, look.agent, x, width, agent_y, half * 0.3)

    def _paint_estimate_box(
        self, painter: QPainter, colour: str, x: float, width: float, middle: float, height: float
    ) -> None:
        pixmap = self._overlays.estimate_box(
            colour, round(width), round(height), self.devicePixelRatioF()
        )
        painter.drawPixmap(QPointF(x, middle - round(height) / 2), pixmap)

    def _paint_line(self, painter: QPainter, x: float, colour: str, width: int) -> None:
        painter.fillRect(QRectF(round(x), 0, width, self._scale.axis_y), QColor(colour))

    def _paint_legend(self, painter: QPainter, look: theme.Theme) -> None:
        """Paint the names of the speakers."""
        user_y, agent_y, half = self._scale.lanes
        for text, colour, middle in (
            (self.tr("You"), look.user, user_y),
            (self.tr("Agent"), look.agent, agent_y),
        ):
            pixmap = self._overlays.name(
                text, colour, look.card, self.font(), self.devicePixelRatioF()
            )
            painter.drawPixmap(QPointF(4, round(middle - half + 2)), pixmap)

    def _paint_nothing(self, painter: QPainter, look: theme.Theme) -> None:
        user_y, agent_y, _half = self._scale.lanes
        for middle in (user_y, agent_y):
            painter.fillRect(QRectF(0, middle, self.width(), 1), QColor(look.line))
        painter.setPen(QColor(look.soft_text))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.placeholder)

    # --- pointing ---------------------------------------------------------------------------------

    def describe(self, sample: int) -> str:
        """Describe a moment in a few lines."""
        timeline = self._timeline
        if timeline is None:
            return ""
        lines = [clock_text(sample / SAMPLE_RATE_HZ, True)]
        column = sample // COLUMN_SAMPLES
        if 0 <= column < len(timeline.user):
            user = timeline.user.speaks[column]
            agent = column < len(timeline.agent) and timeline.agent.speaks[column]
            if user and agent:
                lines.append(self.tr("both speak"))
            elif user or agent:
                lines.append(self.tr("you speak") if user else self.tr("the agent speaks"))
        index = sample // timeline.chunk_samples
        estimate = timeline.estimate(index)
        if estimate:
            lines.append(
                {
                    Outcome.OPEN: self.tr("chunk {0}: estimated"),
                    Outcome.HIT: self.tr("chunk {0}: estimated correctly"),
                    Outcome.MISSED: self.tr("chunk {0}: estimated wrongly, replaced"),
                    Outcome.STOOD: self.tr("chunk {0}: lost, the estimate was used instead"),
                }[estimate.outcome].format(index)
            )
        around = round(_HOVER_PX * self._scale.samples_px)
        marks = timeline.marks_between(sample - around, sample + around + 1)[:4]
        lines.extend(self.mark_text(mark) for mark in marks)
        return "\n".join(lines)

    def mark_text(self, mark: Mark) -> str:
        """Describe a mark in words."""
        said = {
            MarkKind.BACKCHANNEL: self.tr("the agent signals that it listens"),
            MarkKind.USER_INTERRUPTS: self.tr("you interrupt"),
            MarkKind.AGENT_INTERRUPTS: self.tr("the agent begins while you speak"),
            MarkKind.YIELD: self.tr("the agent yields"),
            MarkKind.LATE: self.tr("the agent's chunk came late"),
            MarkKind.LOST: self.tr("your chunk was lost"),
            MarkKind.DEVICE: self.tr("device"),
            MarkKind.PAUSE: self.tr("pause"),
            MarkKind.ACTION: self.tr("the assistant"),
        }[mark.kind]
        return f"{said}: {translate_sentence(mark.text)}" if mark.text else said

    def _paint_hover(self, painter: QPainter, look: theme.Theme, timeline: Timeline) -> None:
        assert self._hover is not None
        sample = int(self._sample_at(self._hover.x()))
        if not 0 <= sample <= timeline.length_samples:
            return
        line = QColor(look.soft_text)
        line.setAlpha(120)
        painter.fillRect(QRectF(self._hover.x(), 0, 1, self._scale.axis_y), line)
        text = self.describe(sample)
        metrics = QFontMetrics(self.font())
        size = metrics.size(0, text)
        x = min(self._hover.x() + 12, self.width() - size.width() - 20)
        box = QRectF(max(x, 0), 6, size.width() + 16, size.height() + 10)
        painter.setPen(QColor(look.line))
        painter.setBrush(QColor(look.card))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawRoundedRect(box, 6, 6)
        painter.setPen(QColor(look.text))
        painter.drawText(box.adjusted(8, 5, -8, -5), Qt.AlignmentFlag.AlignLeft, text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag = event.position().x(), self._left
            self._dragged = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = event.position().toPoint()
        if self._drag is not None:
            begun_px, begun_left = self._drag
            moved = event.position().x() - begun_px
            if abs(moved) > _HOVER_PX or self._dragged:
                self._dragged = True
                self.set_follow(False)
                self._move_to(begun_left - moved * self._scale.samples_px)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None and not self._dragged and self._timeline:
            sample = int(self._sample_at(event.position().x()))
            self.time_clicked.emit(min(max(sample, 0), self._timeline.length_samples))
        self._drag = None
        self.update()

    def leaveEvent(self, _event: QEvent) -> None:
        self._hover = None
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(_ZOOM ** (turn.y() / 120), event.position().x())
        else:
            exact = event.pixelDelta()
            moved = exact.x() or exact.y() or (turn.x() or turn.y()) / 2
            self.scroll(-moved)
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Pinching zooms."""
        if (
            isinstance(event, QNativeGestureEvent)
            and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture
        ):
            self.zoom(1 + event.value(), event.position().x())
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        page = 0.9 * self.width()
        steps = {
            Qt.Key.Key_Left: -60.0,
            Qt.Key.Key_Right: 60.0,
            Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_PageDown: page,
        }
        if key in steps:
            self.scroll(steps[Qt.Key(key)])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(_ZOOM)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / _ZOOM)
        elif key == Qt.Key.Key_0:
            self.set_follow(False)
            self.fit()
        elif key == Qt.Key.Key_Home:
            self.set_follow(False)
            self._move_to(0)
            self.update()
        elif key == Qt.Key.Key_End:
            self._move_to(float("inf"))
            self.set_follow(self._live)
        else:
            super().keyPressEvent(event)

    # --- being seen -------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._run()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._run()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._settled.forget()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._settled.forget()
            self.update()
        super().changeEvent(event)
