"""Options of the language model's commands that are more than a number or a path."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from models import cli
from models.language import commands


def test_layers_are_numbers_and_ranges() -> None:
    assert commands._layers(None) is None
    assert commands._layers("0-2,29,7-8") == (0, 1, 2, 29, 7, 8)
    for wrong in ("", "3-", "a", "1,,2", "-1"):
        with pytest.raises(typer.BadParameter, match="numbers and ranges"):
            commands._layers(wrong)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("--layers 0-5", "--layers and --random say what to take of --start"),
        ("--random", "--layers and --random say what to take of --start"),
        ("--minutes 1 --steps 2", "give --minutes or --steps, not both"),
        ("--start missing.gguf", "There is no missing.gguf"),
        ("--preset llama3-8b", "begins with Llama-3-8B; give it with --start"),
        ("--start . --bundle resources/starter", "begins with a bundle or a text model"),
    ],
)
def test_what_cannot_begin_a_training_is_told_at_once(
    options: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["lm", "--work", str(tmp_path), *options.split()])
    assert ended.value.code
    assert reason in " ".join(capsys.readouterr().err.split())


def test_the_steps_stand_in_their_order_in_the_help() -> None:
    names = [command.callback.__name__ for command in cli.app.registered_commands]  # type: ignore[union-attr]
    steps = ["units", "corpus", "lm", "average", "reader", "pack", "sizes", "perplexity"]
    assert [name for name in names if name in steps] == steps
