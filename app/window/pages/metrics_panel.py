"""The metrics of a conversation in a row: response time, chunk time, hit rate, lag, drops."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.talk_state import TalkMetrics
from app.window.pages.still_label import StillLabel
from engine.timebase import SAMPLE_RATE_HZ

_UNKNOWN = "–"
# Shares of the width: the cards keep them whatever their text.
_SHARES = (8, 11, 8, 8, 8)


class MetricsPanel(QWidget):
    """Five cards."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.response = _Card(
            self.tr("Response"),
            self.tr(
                "Time from the end of your speech to the start of the agent's answer: the median "
                "of the last nine answers, to 50 ms. The sound card's own delay is not included."
            ),
        )
        self.chunk = _Card(
            self.tr("Chunk time"),
            self.tr(
                "How long the models take for one chunk, and how long they may take. Shown are "
                "the median and the maximum of the last fifty chunks."
            ),
        )
        self.hits = _Card(
            self.tr("Hit rate"),
            self.tr("Share of your chunks that the model estimated exactly, silence included."),
        )
        self.lag = _Card(
            self.tr("Lag"),
            self.tr("How far the engine is behind the sound card right now."),
        )
        self.drops = _Card(
            self.tr("Drops"),
            self.tr("Late chunks, lost sound and gaps since the conversation began."),
        )
        self.cards = (self.response, self.chunk, self.hits, self.lag, self.drops)
        for card, share in zip(self.cards, _SHARES, strict=True):
            row.addWidget(card, stretch=share)
        self.show_metrics(None)

    def show_metrics(self, metrics: TalkMetrics | None) -> None:
        """Show these metrics; dashes if there are none."""
        if metrics is None:
            for card in self.cards:
                card.show_value(_UNKNOWN)
            return
        self.response.show_value(_ms(metrics.response_ms))
        deadline = self.tr("of {0} ms, max {1}").format(
            metrics.chunk_ms, _number(metrics.took_max_ms)
        )
        late = (metrics.took_max_ms or 0) > metrics.chunk_ms
        self.chunk.show_value(_ms(metrics.took_ms), deadline, "warning" if late else "soft")
        share = metrics.hit_share
        self.hits.show_value(_UNKNOWN if share is None else f"{share:.0%}")
        self.lag.show_value(_ms(metrics.lag_ms))
        counts = metrics.counts
        drops = counts.late_chunks + counts.lost_chunks + counts.xruns + counts.broken_chunks
        said = self.tr("none")
        if counts.broken_chunks:
            said = self.tr("{0} broken").format(counts.broken_chunks)
        elif drops or counts.lost_samples:
            said = self.tr("{0} late, {1} gaps, {2:.1f} s lost").format(
                counts.late_chunks, counts.xruns, counts.lost_samples / SAMPLE_RATE_HZ
            )
        self.drops.show_value(str(drops), said, "warning" if drops else "soft")


class _Card(QFrame):
    def __init__(self, caption: str, explanation: str) -> None:
        super().__init__()
        self.setProperty("card", True)
        self.setToolTip(explanation)
        self.setAccessibleName(caption)
        self.setAccessibleDescription(explanation)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 4, 10)
        column.setSpacing(2)
        self.title = QLabel(caption)
        self.title.setProperty("role", "soft")
        self.title.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.title.setMinimumWidth(1)  # a long text must not widen the window
        self.value, self._more = StillLabel("heading"), StillLabel("soft")
        for label in (self.title, self.value, self._more):
            column.addWidget(label)

    def show_value(self, value: str, more: str = "", role: str = "soft") -> None:
        """Show a figure, and a small line below it."""
        self.value.setText(value)
        if more != self._more.text():
            self._more.setText(more)
            self._more.setToolTip(more)
        self._more.set_role(role)


def _ms(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value:.0f} ms"


def _number(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value:.0f}"
