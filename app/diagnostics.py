"""The text for a bug report: versions, machine, devices, settings, measurements, log.

It contains no audio, no units and no folder names: home folders are written "~". Knows no Qt. May
take a second, since it queries the devices.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from app.settings import Settings
from app.talk_state import TalkMetrics
from engine.card.devices import Device, list_devices
from engine.errors import DuologueError
from engine.onnx_providers import report

_PACKAGES = (
    "duologue numpy onnxruntime llama-cpp-python sounddevice soundfile soxr pywebrtc-audio "
    "webrtcvad-wheels PySide6-Essentials"
).split()
_MAX_LOG_LINES = 60


def diagnostics(
    settings: Settings, figures: TalkMetrics | None, notices: Sequence[str], log_path: Path | None
) -> str:
    """The report, in Markdown."""
    parts = [
        f"# Duologue diagnostics, {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}",
        _section("Program", (f"{name} {_version(name)}" for name in _PACKAGES)),
        _section(
            "Machine",
            (
                f"{platform.platform()}, Python {platform.python_version()}",
                f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
            ),
        ),
        _section("llama.cpp", _back_ends()),
        _section("ONNX Runtime", report()),
        _section("Devices", _devices()),
        _section("Settings", json.dumps(settings.model_dump(mode="json"), indent=1).splitlines()),
        _section(
            "Last talk",
            json.dumps(asdict(figures), indent=1).splitlines() if figures else ("none",),
        ),
        _section("Notices", notices or ("none",)),
        _section("Log", _log(log_path)),
    ]
    return "\n".join(parts).replace(str(Path.home()), "~")


def _section(title: str, lines: Iterable[str]) -> str:
    body = "\n".join(f"    {line}" for line in lines)
    return f"\n## {title}\n\n{body}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"


def _back_ends() -> list[str]:
    """The devices that compute; loads llama.cpp if no conversation has done so yet."""
    try:
        from engine.syncllm.llama_library import BACK_ENDS
    except DuologueError as error:
        return [str(error)]
    return BACK_ENDS.lines()


def _devices() -> list[str]:
    try:
        listing = list_devices()
    except DuologueError as error:
        return [str(error)]
    named = [("microphone", device) for device in listing.microphones]
    named += [("speaker", device) for device in listing.speakers]
    return [f"{kind}: {device.name} ({_about(device)})" for kind, device in named] or ["none"]


def _about(device: Device) -> str:
    cancelled = ", echo-cancelled by the system" if device.canceller else ""
    return f"{device.host_api}, {device.rate_hz} Hz, channels: {device.channels}{cancelled}"


def _log(path: Path | None) -> list[str]:
    if path is None:
        return ["none"]
    try:
        return path.read_text("utf8", errors="replace").splitlines()[-_MAX_LOG_LINES:]
    except OSError:
        return ["none"]
