"""A live conversation according to the settings: assembles the parts, starts, changes, ends them.

Used by `duologue live` and by the window. Knows neither Qt nor a terminal. ``begin`` and ``end``
load and close models and may take seconds; everything else returns at once.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from app import hung_cards
from app.assisted_talk import attach_assistant
from app.settings import Settings
from app.sound_check import CARD_LOCK
from engine.assistant.mind import BackgroundMind
from engine.assistant.request import FIRST_VOLUME, Effect
from engine.card.devices import Wanted, no_answer
from engine.card.portaudio_card import PortAudioCard
from engine.card.sound_card import CardInfo, SoundCard
from engine.echo.canceller import EchoCanceller
from engine.errors import DuologueError, unwritable
from engine.hearing.words import HeardWords
from engine.minds.assisted_talk import AssistedTalk
from engine.minds.told import Activity, Done, Told
from engine.record.events import ActionRecord, WordsRecord
from engine.record.recorder import Recorder
from engine.record.retention import delete_recording
from engine.record.transcript import Side, captioned_sides
from engine.syncllm.bundle import Bundle, load_bundle
from engine.syncllm.duplex import Duplex
from engine.syncllm.sampling import Sampling
from engine.talk.live_conversation import LiveConversation, Switches
from engine.talk.live_scheduler import Canceller

# A change of these restarts the conversation.
_RESTART_SETTINGS = (
    "chunk_ms latency_ms temperature threads gpu_layers bundle record recording_folder "
    "assistant".split()
)
_CARD_SECONDS = 5.0
_MOST_EFFECTS = 16
_CANCELLER_SETTINGS = "echo_cancelling noise_suppression gain_control".split()


class StoppedError(DuologueError):
    """The conversation was stopped before it began."""


class SelectableCard(SoundCard, Protocol):
    """A sound card whose devices can be chosen, such as `PortAudioCard`."""

    def choose(self, microphone: Wanted, speaker: Wanted, latency_ms: int) -> None:
        """Change to these soon; from any thread."""
        ...

    def end(self) -> None:
        """Close for good."""
        ...


_WITHOUT_ASSISTANT = "This conversation goes without the assistant."
MakeCard = Callable[[Wanted, Wanted, int], SelectableCard]


class LiveSession:
    """One conversation. Call ``begin`` and ``end`` once each, from the same thread."""

    def __init__(
        self,
        settings: Settings,
        recordings: Path | None,
        report: Callable[[str], None] = lambda text: None,
        seed: int = 0,
        make_card: MakeCard = PortAudioCard,
        assistant: BackgroundMind | None = None,
    ) -> None:
        """``recordings`` is the folder for the recording; None records nothing.

        ``assistant`` answers what the language model does not know; the caller closes it.
        ``report`` is told in a sentence, from another thread, if the recording ends before the
        conversation, and in ``begin`` if the assistant cannot take part.
        """
        self.settings = settings
        self._make_card = make_card
        self._has_card = self._given_up = False
        self._recordings, self._report, self._seed = recordings, report, seed
        self._duplex: Duplex | None = None
        self._card: SelectableCard | None = None
        self._recorder: Recorder | None = None
        self._conversation: LiveConversation | None = None
        self._assistant = assistant
        self._assisted: AssistedTalk | None = None
        self._effects: deque[Effect] = deque(maxlen=_MOST_EFFECTS)
        self.chunk_ms = self.latency_ms = 0
        """Chunk length, and how late the user's sound is used; known after ``begin``."""
        self.longer_chunk_ms: int | None = None
        """The next longer chunk length of the bundle, if there is one; known after ``begin``."""
        self.captioned: list[Side] = []
        """Whose words are captioned; known after ``begin``."""

    def begin(
        self,
        phase: Callable[[str], None] = lambda name: None,
        switches: Switches | None = None,
        stopped: threading.Event | None = None,
    ) -> CardInfo:
        """Load the models, open the sound card and start the conversation.

        ``phase`` is called with "bundle", "models" and "sound" when each begins. ``switches``
        (mute, pause, hold-to-talk) apply from the first sample on. Raises DuologueError, with
        everything closed, and StoppedError soon after ``stopped`` is set.
        """
        settings = self.settings
        stopped = stopped or threading.Event()

        def enter(name: str) -> None:
            if stopped.is_set():
                raise StoppedError("The conversation was stopped before it began.")
            phase(name)

        try:
            enter("bundle")
            bundle = load_bundle(settings.bundle)
            enter("models")
            self._duplex = Duplex(
                bundle,
                settings.chunk_ms,
                settings.latency_ms,
                self._seed,
                _own_sampling(bundle, settings.temperature),
                gpu_layers=settings.gpu_layers,
                threads=settings.threads,
            )
            self.chunk_ms = self._duplex.format.chunk_ms
            self.latency_ms = self._duplex.latency_ms
            longer_ms = [ms for ms in bundle.manifest.chunks_ms if ms > self.chunk_ms]
            self.longer_chunk_ms = min(longer_ms, default=None)
            self.captioned = captioned_sides(bundle.manifest)
            if self._assistant:
                self._attach(self._assistant)
            enter("sound")
            if not CARD_LOCK.acquire(timeout=_CARD_SECONDS):
                if hung_cards.any_hangs():
                    raise no_answer()
                raise DuologueError("The sound card is still being tested; try again.")
            self._has_card = True
            self._card = self._make_card(
                settings.microphone, settings.speaker, settings.card_latency_ms
            )
            if self._recordings:
                _make_folder(self._recordings)
                self._recorder = Recorder(
                    self._recordings,
                    self._duplex,
                    settings.most_recordings,
                    int(settings.most_gigabytes * 1e9),
                    report=self._report,
                )
            self._conversation = LiveConversation(
                self._duplex, self._card, _canceller(settings), self._recorder, switches
            )
            if self._assisted and self._assistant:
                self._amplify(self._assistant.state.volume)
                self._assisted.spoken.tell = self._told
            return self._conversation.start(stopped)
        except BaseException:
            nothing = self.recording
            try:
                self.end()
            finally:
                if nothing:
                    delete_recording(nothing)  # otherwise it would be listed as damaged
            raise

    def _attach(self, assistant: BackgroundMind) -> None:
        """Let the assistant in; a part that is damaged does not keep anybody from talking."""
        assert self._duplex
        try:
            self._assisted = attach_assistant(self._duplex, assistant)
        except DuologueError as error:
            self._report(f"{error}\n\n{_WITHOUT_ASSISTANT}")

    @property
    def conversation(self) -> LiveConversation:
        """The running conversation; RuntimeError before ``begin``."""
        if self._conversation is None:
            raise RuntimeError("the talk has not begun")
        return self._conversation

    @property
    def recording(self) -> Path | None:
        """The recording's folder, or None; after ``end`` only if it contains sound."""
        return self._recorder.folder if self._recorder else None

    def effects(self) -> Sequence[Effect]:
        """What the caller is to do, since the last call: "end talk", when the goodbye was said.

        Volume and quiet are seen to here.
        """
        effects = []
        while self._effects:
            effects.append(self._effects.popleft())
        return effects

    def activities(self) -> Sequence[Activity]:
        """What the assistant has heard, thought and done, since the last call."""
        return self._assisted.spoken.activities() if self._assisted else ()

    def _told(self, told: Told) -> None:
        """Pass on what the assistant tells; in its thread."""
        match told:
            case HeardWords():
                self.conversation.tell_words(told)
                if told.final and told.text:
                    self._note(
                        WordsRecord(
                            start_sample=told.start_sample,
                            end_sample=told.end_sample,
                            text=told.text,
                            confidence=told.confidence,
                        )
                    )
            case Done():
                self._note(
                    ActionRecord(
                        start_sample=told.start_sample,
                        end_sample=told.end_sample,
                        done_sample=told.done_sample,
                        **vars(told.event),
                    )
                )
            case Effect(kind="volume"):
                self._amplify(told.value)
            case Effect():
                self._effects.append(told)

    def _note(self, record: WordsRecord | ActionRecord) -> None:
        if self._recorder:
            self._recorder.note(record)

    def _amplify(self, percent: float) -> None:
        # A square follows the ear better than equal steps would.
        self.conversation.amplify((percent / FIRST_VOLUME) ** 2)

    def change(self, settings: Settings) -> bool:
        """Apply new settings; False, with nothing changed, if the conversation must restart."""
        before = self.settings
        if any(getattr(before, name) != getattr(settings, name) for name in _RESTART_SETTINGS):
            return False
        if any(getattr(before, name) != getattr(settings, name) for name in _CANCELLER_SETTINGS):
            self.conversation.use_canceller(_canceller(settings))
        devices = settings.microphone, settings.speaker, settings.card_latency_ms
        if self._card and devices != (before.microphone, before.speaker, before.card_latency_ms):
            self._card.choose(*devices)
        self.settings = settings
        return True

    def end(self) -> None:
        """Stop, finish the recording, and free everything.

        Raises DuologueError if the card hangs. The recording is finished even then; a separate
        thread frees the rest later, since the hanging thread still uses it.
        """
        if self._given_up:
            return
        hangs = self._conversation is not None and not self._conversation.stop()
        recorder, rest = self._recorder, self._rest()
        self._card = self._duplex = None
        self._has_card = False
        if not hangs:
            # In this order; each runs even if an earlier one fails.
            with rest:
                if recorder:
                    rest.callback(self._close_recorder, recorder)
            return
        self._given_up = True
        hung_cards.give_up(self)
        threading.Thread(target=self._free_later, args=(rest,), name="hanging", daemon=True).start()
        if recorder:
            self._close_recorder(recorder)
        raise no_answer()

    def _close_recorder(self, recorder: Recorder) -> None:
        """Finish the recording; delete it if it contains no sound, as when the conversation was
        paused from the first sample on."""
        talk = recorder.close()
        if talk and not len(talk.user_peaks):
            delete_recording(recorder.folder)
            self._recorder = None

    def _rest(self) -> ExitStack:
        """Callbacks that free everything but the recorder, in reverse order."""
        rest = ExitStack()
        if self._has_card:
            rest.callback(CARD_LOCK.release)
        if self._assisted:
            rest.callback(self._assisted.spoken.close)
        if self._duplex:
            rest.callback(self._duplex.close)
        if self._card:
            rest.callback(self._card.end)
        return rest

    def _free_later(self, rest: ExitStack) -> None:
        assert self._conversation
        self._conversation.wait()
        try:
            rest.close()
        finally:
            hung_cards.is_back(self)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error


def _canceller(settings: Settings) -> Canceller | None:
    if not settings.echo_cancelling:
        return None
    return EchoCanceller(settings.noise_suppression, settings.gain_control)


def _own_sampling(bundle: Bundle, temperature: float | None) -> Sampling | None:
    if temperature is None:
        return None
    return Sampling(temperature, bundle.manifest.sampling.own.top_p)
