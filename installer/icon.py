"""Draws the program's icon for each system from the one SVG."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

_ICON_SIZES_PX = (16, 24, 32, 48, 64, 128, 256)
_LARGE = 1024


def write_icon(svg: Path, target: Path, side: int = _LARGE) -> None:
    """Write ``target``: .ico or .icns with all usual sizes, or .png of ``side`` pixels."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QGuiApplication.instance() or QGuiApplication([])
    target.parent.mkdir(parents=True, exist_ok=True)
    picture = QImage(side, side, QImage.Format.Format_ARGB32)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(str(svg)).render(painter)
    painter.end()
    png = target.with_suffix(".png")
    if not picture.save(str(png)):
        raise OSError(f"{png} cannot be written")
    if target.suffix != ".png":
        sizes = [(size, size) for size in _ICON_SIZES_PX]
        with Image.open(png) as image:
            image.save(target, sizes=sizes)
    del app
