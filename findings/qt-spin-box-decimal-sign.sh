#!/usr/bin/env bash
# Qt's number boxes read a number typed with the other decimal sign as ten times as much, without a warning.
#
# Under a German locale a QDoubleSpinBox reads "2.5" as 25: the point separates thousands there, and Qt skips
# it wherever it stands, even before one digit; "0.8" stops at 0. Under English the same happens to "2,5". A
# QSpinBox under German reads even "2,5", with the language's own sign, as 25. The box's validator accepts the
# text, so nothing warns the user, and the value is emitted.
# Seen with PySide6-Essentials 6.11.3 (Qt of the same version), PyPI.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "PySide6-Essentials==6.11.3"
QT_QPA_PLATFORM=offscreen "$folder/venv/bin/python" - <<'PROGRAM'
import sys

from PySide6 import __version__
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QSpinBox

application = QApplication([])
print("PySide6", __version__)
expected = {
    (QDoubleSpinBox, "de", "2.5"): 25.0,
    (QDoubleSpinBox, "de", "2,5"): 2.5,
    (QDoubleSpinBox, "en", "2,5"): 25.0,
    (QSpinBox, "de", "2,5"): 25,
}
same = True
for (kind, language, text), value in expected.items():
    QLocale.setDefault(QLocale(language))
    box = kind()
    box.setRange(1, 100_000)
    box.setKeyboardTracking(False)
    box.show()
    box.selectAll()
    QTest.keyClicks(box, text)
    QTest.keyClick(box, Qt.Key.Key_Return)
    print(f"{kind.__name__}, {language}: typed {text!r}, value {box.value()}")
    same = same and box.value() == value
print("as found" if same else "it has changed")
sys.exit(0 if same else 1)
PROGRAM
