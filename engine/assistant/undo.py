"""Takes back the last change: single things, so that what the user wrote meanwhile stays. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from engine.assistant.request import Effect, Outcome, Request, State, Undo


def perform(request: Request, state: State, now: datetime) -> Outcome:
    """Take back what the last turn changed, and all of it if it held two requests."""
    if state.undo is None:
        return Outcome("There is nothing to undo.", state, done=False)
    outcome, first = _taken_back(state.undo, state), state.undo.also
    while first:
        more = _taken_back(first, outcome.state)
        told = f"{outcome.spoken} {more.spoken}"
        outcome, first = Outcome(told, more.state, outcome.effects + more.effects), first.also
    return outcome


def _taken_back(undo: Undo, state: State) -> Outcome:
    if undo.part in ("volume", "quiet"):
        volume = undo.put_back[0] if undo.put_back else state.volume
        effect = Effect("volume", volume) if undo.put_back else Effect("speak again")
        return Outcome(undo.told, replace(state, undo=None, volume=volume), (effect,))
    if undo.part == "reminders":
        kept: list[Any] = [one for one in state.reminders if one.number not in undo.take_out]
        kept += undo.put_back
    else:
        kept = list(state.notes if undo.part == "notes" else state.shopping)
        for line in undo.take_out:
            if line in kept:
                kept.reverse()  # the last one, which is the one that was added
                kept.remove(line)
                kept.reverse()
        for place, line in undo.put_back:
            kept.insert(min(place, len(kept)), line)
    changed: dict[str, Any] = {undo.part: tuple(kept)}
    return Outcome(undo.told, replace(state, undo=None, question=None, **changed))
