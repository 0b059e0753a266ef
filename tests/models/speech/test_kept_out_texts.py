"""Which free sentences no training reads: few, always the same, however they are written."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from models.speech.kept_out_texts import free_sentences, kept_out


def test_one_in_fifty_is_kept_out() -> None:
    texts = [f"this is sentence {chr(97 + a)}{chr(97 + b)}{chr(97 + c)}"
             for a in range(26) for b in range(26) for c in range(10)]  # fmt: skip
    share = sum(map(kept_out, texts)) / len(texts)
    assert 0.015 < share < 0.025


def test_writing_does_not_matter() -> None:
    texts = (f"Well, I've seen movie {chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(600))
    out = [text for text in texts if kept_out(text)]
    assert out
    for text in out:
        for other in (text.lower(), text.replace(",", "").replace("'", ""), f" {text} 49?"):
            assert kept_out(other)


def test_free_sentences_are_kept_out_plain_and_short(tmp_path: Path) -> None:
    words = [f"{chr(97 + n // 26 % 26)}{chr(97 + n % 26)}" for n in range(676)]
    plain = [f"I like the {word} of it." for word in words]
    others = [f"I paid {number} for it." for number in range(300)] + ["Yes."] * 50
    for name, turns in (
        ("self_dialogue", plain[:400]),
        ("sgd", [["U", text] for text in plain[400:] + others]),
    ):
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt") as lines:
            lines.write(json.dumps({"turns": turns}) + "\n")
    found = free_sentences(tmp_path)
    assert set(found) == {text for text in plain if kept_out(text)}
    assert len(set(found)) == len(found) > 3
    assert list(found) != sorted(found)
