"""The front of the assistant: a turn of the user's in, sentences for the ear out.

A request that the grammar understands is done; a user's own action is called; everything else may
be answered by the text model, sentence by sentence while it writes. No method waits: one thread of
this object does the work, and every queue is bounded. It knows neither sound nor window: turns come
as text, and `poll` gives text.
"""

from __future__ import annotations

import logging
import queue
import re
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from engine.assistant import reminders
from engine.assistant.actions import after_talk, perform, understood
from engine.assistant.for_the_ear import SpokenSentences
from engine.assistant.own_action import OwnCall, called
from engine.assistant.own_actions import OwnActions, OwnAnswer
from engine.assistant.request import Effect, Question, Request, State
from engine.assistant.state_files import StateFiles
from engine.assistant.talk_history import DEFAULT_PROMPT, TalkHistory
from engine.assistant.text_mind import Piece, TextMind
from engine.errors import DuologueError

_LOG = logging.getLogger(__name__)
_MOST_WAITING = 256
_MOST_REPLIES = 128
_LOOK_SECONDS = 0.25
"""How often the thread looks for reminders that fall due."""
_END_SECONDS = 3.0
_SILENT = "I cannot think about that now. The window says why."
_NO_ANSWER = "I have no answer to that."


@dataclass(frozen=True)
class MindOptions:
    """What the settings decide."""

    prompt: str = DEFAULT_PROMPT
    most_sentences: int = 3
    temperature: float = 0.3
    least_confidence: float = 0.35
    """Of the recogniser, 0 to 1; with less a turn is no request and no question."""


@dataclass(frozen=True)
class ActionEvent:
    """A performed action, for the recording's events."""

    at: str
    """Local time, ISO 8601."""
    action: str
    """Key of the table, "own: FILE", or "ring"."""
    heard: str
    said: str
    done: bool


@dataclass(frozen=True)
class Turn:
    """What has become of a turn."""

    number: int
    """For `Reply.turn`; 0 if nothing comes."""
    kind: Literal["action", "thinking", "nothing"]


@dataclass(frozen=True)
class Reply:
    """Something to say, or to do."""

    turn: int
    """The turn that it answers; 0: none, as when a timer rings."""
    kind: Literal["action", "answer", "ring", "problem"]
    text: str
    """A sentence or two without digits and markup; empty if there is nothing to say."""
    last: bool = True
    """No more comes for this turn."""
    asks: bool = False
    """It is a question; the user's next turn may be its answer."""
    effects: tuple[Effect, ...] = ()
    event: ActionEvent | None = None
    detail: str = ""
    """For the window: the whole sentence of a problem."""


MakeTextMind = Callable[[Callable[[Piece], None]], TextMind]
MakeOwnActions = Callable[[Callable[[OwnAnswer], None]], OwnActions]


class BackgroundMind:
    """One for the life of the program; talks come and go."""

    def __init__(
        self,
        folder: Path,
        text_mind: MakeTextMind | None = None,
        own_actions: MakeOwnActions | None = None,
        options: MindOptions | None = None,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """``folder``: of reminders, notes and shopping list. ``text_mind``, ``own_actions``: make
        them with the function that takes what they tell; None for none."""
        self.options = options or MindOptions()
        self.dropped = 0
        """Turns and replies for which there was no room."""
        self._now = now
        self._files = StateFiles(folder)
        self._state, notice = self._files.load()
        self._history = TalkHistory()
        self._inbox: queue.Queue[tuple[Any, ...]] = queue.Queue(_MOST_WAITING)
        self._replies: deque[Reply] = deque()
        self._lock = threading.Lock()
        self._turn = 0
        self._cancelled = 0
        self._thinking = 0
        self._sentences = SpokenSentences(self.options.most_sentences)
        self._given = 0
        self._over = threading.Event()
        if notice:
            self._reply(
                Reply(
                    0, "problem", "I cannot use your reminders. The window says why.", detail=notice
                )
            )
        self._text_mind = text_mind(lambda piece: self._put("piece", piece)) if text_mind else None
        self._own = own_actions(lambda answer: self._put("own", answer)) if own_actions else None
        self._began_s = now().timestamp()
        self._thread = threading.Thread(target=self._run, name="mind", daemon=True)
        self._thread.start()

    # --- for the caller's thread ------------------------------------------------------------

    @property
    def state(self) -> State:
        """What the actions know now; never changed in place."""
        return self._state

    @property
    def can_think(self) -> bool:
        """Whether there is a text model."""
        return self._text_mind is not None

    @property
    def own_actions(self) -> OwnActions | None:
        """The user's own actions, with the sentences about those that failed."""
        return self._own

    def turn(
        self, text: str, confidence: float = 1.0, think: bool = True, said_last: str = ""
    ) -> Turn:
        """Take a final transcript of the user's turn.

        ``think``: a turn that is no action goes to the text model; False when the SyncLLM has
        answered it itself. ``said_last``: what the agent said before it, for "repeat that", where
        the caller knows better than the history. Returns at once; replies come by `poll`.
        """
        if not self._is_sure(text, confidence):
            return Turn(0, "nothing")
        request = self._request(text)
        if request is None and self._state.question:
            self._try_put("talked", text)
        if request is None and not (think and self._text_mind):
            return Turn(0, "nothing")
        self._turn += 1
        if not self._try_put("turn", self._turn, text, request, said_last):
            return Turn(0, "nothing")
        return Turn(self._turn, "action" if request else "thinking")

    def is_request(self, text: str, confidence: float = 1.0) -> bool:
        """Whether a turn with these words would be an action; nothing is done."""
        return self._is_sure(text, confidence) and self._request(text) is not None

    def _request(self, text: str) -> Request | OwnCall | None:
        request = understood(text, self._state, self._now())
        return called(text, self._own.actions) if request is None and self._own else request

    def _is_sure(self, text: str, confidence: float) -> bool:
        return bool(text.strip()) and confidence >= self.options.least_confidence

    def cancel(self) -> None:
        """Stop the answer that is being written, and forget its sentences that nobody took.

        A performed action stays done; `BackgroundMind.turn` with "undo that" takes it back.
        """
        self._cancelled = self._turn
        if self._text_mind:
            self._text_mind.stop(self._turn)
        with self._lock:
            kept = [
                one for one in self._replies if one.kind != "answer" or one.turn > self._cancelled
            ]
            self._replies = deque(kept)

    def spoken(self, turn: int, text: str, whole: bool = True) -> None:
        """What the loudspeaker has spoken of an answer; not ``whole``: it was cut off there."""
        self._try_put("spoken", turn, text, whole)

    def note(self, user: str, agent: str) -> None:
        """An exchange that the SyncLLM had without this mind, for the history."""
        self._turn += 1
        self._try_put("note", self._turn, user, agent)

    def new_talk(self) -> None:
        """Forget what was said, and get ready; timers, notes and lists stay."""
        self._try_put("new talk")

    def settle(self, seconds: float) -> bool:
        """Wait until all that was put in so far is done; False after ``seconds``.

        For measurements that go faster than time; a text model may still write.
        """
        done = threading.Event()
        return self._try_put("settle", done) and done.wait(seconds)

    def poll(self) -> list[Reply]:
        """The replies that have come since the last call, in order."""
        with self._lock:
            replies, self._replies = list(self._replies), deque()
        return replies

    def give_back(self, replies: Sequence[Reply]) -> None:
        """Replies that `poll` gave and that nobody has heard yet; they come again, first."""
        with self._lock:
            self._replies.extendleft(reversed(replies))

    def close(self) -> None:
        """End the thread and the child processes. What was set is in the files already."""
        self._over.set()
        self._try_put("close")
        if self._text_mind:
            self._text_mind.close()
        if self._own:
            self._own.close()
        self._thread.join(_END_SECONDS)

    # --- the mind's own thread --------------------------------------------------------------

    def _try_put(self, *command: Any) -> bool:
        try:
            self._inbox.put_nowait(command)
        except queue.Full:
            self.dropped += 1
            return False
        return True

    def _put(self, *command: Any) -> None:
        """For the threads of the minds: they wait, so that no piece is lost."""
        while not self._over.is_set():
            try:
                self._inbox.put(command, timeout=1)
                return
            except queue.Full:
                continue

    def _reply(self, reply: Reply) -> None:
        with self._lock:
            if len(self._replies) >= _MOST_REPLIES:
                self._replies.popleft()
                self.dropped += 1
            self._replies.append(reply)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                command = self._inbox.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                command = ("look",)
            try:
                self._ring()
                self._do(command)
            except Exception as error:
                # The thread must go on: a timer that does not ring would be worse.
                _LOG.exception("the mind failed")
                self._reply(Reply(0, "problem", "Something went wrong in me.", detail=repr(error)))

    def _do(self, command: tuple[Any, ...]) -> None:
        match command:
            case ("turn", turn, text, request, said_last):
                said_last = said_last or self._history.last_said()
                self._history.begin(turn, text)
                self._begin(turn, text, request, said_last)
            case ("talked", text):
                self._state = after_talk(text, self._state)
            case ("piece", piece):
                self._written(piece)
            case ("own", answer):
                self._own_answer(answer)
            case ("spoken", turn, text, whole):
                self._history.spoken(turn, text, whole)
                self._read_ahead()
            case ("note", turn, user, agent):
                self._history.begin(turn, user)
                self._history.add(turn, agent)
                self._read_ahead()
            case ("settle", done):
                done.set()
            case ("new talk",):
                self._history.clear()
                self._read_ahead()
            case ("look",) if self._text_mind:
                self._text_mind.check()

    def _read_ahead(self) -> None:
        """Let the text model load, and read all that comes before the next question."""
        if self._text_mind and not self._thinking:
            self._text_mind.warm(self._history.messages(self.options.prompt, self._now(), "Hello."))

    def _begin(
        self, turn: int, text: str, request: Request | OwnCall | None, said_last: str
    ) -> None:
        if self._thinking and self._text_mind:
            self._text_mind.stop(self._thinking)  # the user has gone on to something else
        if isinstance(request, Request):
            self._perform(turn, text, request, said_last)
        elif isinstance(request, OwnCall) and self._own:
            if request.action.question:
                self._ask_before(turn, request)
            else:
                self._own.call(turn, request)
        elif self._text_mind and turn > self._cancelled:
            self._thinking, self._given = turn, 0
            self._sentences = SpokenSentences(self.options.most_sentences)
            messages = self._history.messages(self.options.prompt, self._now(), text)
            self._text_mind.ask(turn, messages, self.options.temperature)

    # --- actions ----------------------------------------------------------------------------

    def _perform(self, turn: int, text: str, request: Request, said_last: str) -> None:
        now = self._now()
        if request.action == "own":
            self._state = replace(self._state, question=None)
            if self._own:
                self._own.call(turn, request.slots["call"])
            return
        keeps_lines = re.search(r"\b(?:note|shopping)\.|^undo$", request.keys) is not None
        try:
            before = self._files.refreshed(self._state)
        except DuologueError as error:
            if keeps_lines:
                self._say(
                    turn,
                    "I cannot use that file. The window says why.",
                    "problem",
                    detail=str(error),
                )
                return
            before = self._state
        outcome = perform(request, before, now)
        said, detail = outcome.spoken, ""
        try:
            self._files.save(before, outcome.state)
            self._state = outcome.state
        except DuologueError as error:
            detail = str(error)
            if before.reminders != outcome.state.reminders:
                self._state = replace(outcome.state, notes=before.notes, shopping=before.shopping)
                said = f"{said} I cannot save that, so it holds only while I run."
            else:
                self._state = before
                said = "I cannot write that down. The window says why."
        if request.action == "talk.repeat":
            said = said_last or "I have not said anything yet."
        event = ActionEvent(
            now.isoformat(timespec="milliseconds"),
            request.keys,
            text,
            said,
            outcome.done and not detail,
        )
        self._say(
            turn,
            said,
            "action",
            outcome.effects,
            event,
            detail,
            asks=self._state.question is not None,
        )

    def _say(
        self,
        turn: int,
        text: str,
        kind: Literal["action", "problem"],
        effects: tuple[Effect, ...] = (),
        event: ActionEvent | None = None,
        detail: str = "",
        asks: bool = False,
    ) -> None:
        self._history.add(turn, text)
        self._reply(Reply(turn, kind, text, True, asks, effects, event, detail))

    def _ring(self) -> None:
        now = self._now()
        ringing, state = reminders.due(self._state, now)
        if not ringing:
            return
        before, self._state = self._state, state
        detail = ""
        try:
            self._files.save(before, state)
        except DuologueError as error:
            detail = str(error)
        for one in ringing:
            text = reminders.ring(one, now, late=one.due_s < self._began_s)
            event = ActionEvent(now.isoformat(timespec="milliseconds"), "ring", "", text, True)
            self._reply(Reply(0, "ring", text, event=event, detail=detail))

    # --- the user's own actions -------------------------------------------------------------

    def _ask_before(self, turn: int, call: OwnCall) -> None:
        question = Question("yes", Request("own", {"call": call}), self._now().timestamp())
        self._state = replace(self._state, question=question)
        self._say(turn, call.action.question, "action", asks=True)

    def _own_answer(self, answer: OwnAnswer) -> None:
        sentences = SpokenSentences(self.options.most_sentences)
        said = " ".join(sentences.push(answer.said + "\n"))
        text = said or ("That did not work. The window says why." if answer.problem else "Done.")
        event = ActionEvent(
            self._now().isoformat(timespec="milliseconds"),
            f"own: {answer.file}",
            self._history.asked(answer.turn),
            text,
            not answer.problem,
        )
        kind: Literal["action", "problem"] = "problem" if answer.problem else "action"
        self._say(answer.turn, text, kind, event=event, detail=answer.problem)

    # --- the text model ---------------------------------------------------------------------

    def _written(self, piece: Piece) -> None:
        if piece.problem:
            self._thinking = 0 if piece.turn in (0, self._thinking) else self._thinking
            self._reply(
                Reply(piece.turn, "problem", _SILENT if piece.turn else "", detail=piece.problem)
            )
            return
        if piece.turn != self._thinking or piece.turn <= self._cancelled:
            if piece.turn == self._thinking and piece.end:
                self._thinking = 0
            return
        said = (
            self._sentences.finish(piece.whole) if piece.end else self._sentences.push(piece.text)
        )
        over = piece.end or self._sentences.full
        if over and not said and not self._given:
            said = [_NO_ANSWER]
        for index, sentence in enumerate(said):
            last = over and index == len(said) - 1
            self._given += 1
            self._history.add(piece.turn, sentence)
            self._reply(Reply(piece.turn, "answer", sentence, last))
        if over:
            self._thinking = 0
            if not said:
                self._reply(Reply(piece.turn, "answer", ""))
            if not piece.end and self._text_mind:
                self._text_mind.stop(piece.turn)
