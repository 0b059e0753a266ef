"""What engine and files say to the user, in the window's language.

They know no Qt and speak English; here are their sentences as patterns, more special ones first, so
that Qt Linguist gets to see them. A sentence that is not here is shown as it is.
"""

from __future__ import annotations

import re
from functools import cache

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

_CONTEXT = "Sentences"
_SENTENCES = (
    # Devices.
    QT_TRANSLATE_NOOP("Sentences", "There is no microphone; plug one in or switch it on."),
    QT_TRANSLATE_NOOP("Sentences", "There is no speaker; plug one in or switch it on."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The microphone {0} cannot be chosen (several of that name); choose one of: {1}.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "The speaker {0} cannot be chosen (several of that name); choose one of: {1}."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "The microphone {0} cannot be chosen (none of that name); choose one of: {1}."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "The speaker {0} cannot be chosen (none of that name); choose one of: {1}."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "The microphone {0} cannot be opened ({1}); choose another device."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "The speaker {0} cannot be opened ({1}); choose another device."
    ),
    QT_TRANSLATE_NOOP("Sentences", "The microphone {0} is gone; plug it in again."),
    QT_TRANSLATE_NOOP("Sentences", "The speaker {0} is gone; plug it in again."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The microphone {0} is used by another program; close that program or choose another device.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The speaker {0} is used by another program; close that program or choose another device.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "The microphone {0} does not answer; plug it in again."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The system's sound does not answer; wait a moment, or start the computer again.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "The sound card has stopped; it is opened again."),
    QT_TRANSLATE_NOOP("Sentences", "The speaker {0} does not answer; plug it in again."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "Windows does not let Duologue use the microphone {0}; allow it in Settings, Privacy & security, Microphone.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The microphone {0} gives digital silence; check that it is not muted, in the system's sound settings and on the device.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The microphone {0} gives digital silence; allow Duologue in System Settings, Privacy & Security, Microphone.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The microphone {0} gives digital silence; allow it in Settings, Privacy & security, Microphone, and check its mute switch.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "The microphone {0} gives sound."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The PortAudio library is missing; install it (on Debian and Ubuntu: sudo apt install libportaudio2).",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The PortAudio library is missing; install it (brew install portaudio) or install Duologue again.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "The PortAudio library is missing; install Duologue again."),
    QT_TRANSLATE_NOOP("Sentences", "The sound card's buffer is {0} ms now."),
    QT_TRANSLATE_NOOP("Sentences", "The microphone is now {0}."),
    QT_TRANSLATE_NOOP("Sentences", "The speaker is now {0}."),
    QT_TRANSLATE_NOOP("Sentences", "The microphone {0} runs at {1} Hz now."),
    QT_TRANSLATE_NOOP("Sentences", "The speaker {0} runs at {1} Hz now."),
    QT_TRANSLATE_NOOP("Sentences", "Sound is back: {0} and {1} ({2} is not there)."),
    QT_TRANSLATE_NOOP("Sentences", "Sound is back: {0} and {1}."),
    QT_TRANSLATE_NOOP("Sentences", "The sound card gives too little sound; it is opened again."),
    QT_TRANSLATE_NOOP("Sentences", "The sound card is gone; the talk waits for one."),
    QT_TRANSLATE_NOOP(
        "Sentences", "The sound server does not answer; wait a moment, or log out and in again."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The sound server has ended, and without it no device is seen; log out and in again.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "The sound card is in use by the talk; stop it first."),
    QT_TRANSLATE_NOOP("Sentences", "The sound card is still being tried; begin again."),
    # The doctor's advice.
    QT_TRANSLATE_NOOP(
        "Sentences",
        "Chunks of {0} ms: the shortest that this machine computes with ease ({1} ms in the worst of a hundred).",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "Chunks of {0} ms: the engine needs up to {1} ms for one, so other programs may make it late; close what you do not need.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "This machine is too slow for this bundle ({0} ms for a chunk of {1} ms), so the agent will stutter; choose a smaller bundle.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "A latency of {0} ms, one chunk: it gives the engine a chunk's time, and the model guesses the one chunk that it has not heard. Half of it, on a fast machine, understands more and waits less in your pauses.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "A card latency of {0} ms: the sound broke off {1} times at {2} ms."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The system takes the echo out of {0}, and much of your voice while the agent speaks; choose the microphone itself.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The microphone does not hear the speaker (no echo came within {0} s): you wear headphones, or one of them is off. Echo is no matter then.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The microphone hears more while the speaker plays, but no echo came within {0} s; be quiet meanwhile and try again, and if it stays so, wear headphones.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "A card latency of {0} ms: most of the {1} ms that sound takes from speaker to microphone are the buffers of {2} ms that you set, and the echo canceller reaches {3} ms.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "Sound takes {0} ms from speaker to microphone; the echo canceller reaches {1} ms, so the agent would hear itself: wear headphones, use a speaker with a cable (Bluetooth and AirPlay are slow), or switch hold-to-talk on.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "Some of that time is in the buffers of {0} ms that you set."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "Only {0} dB of the echo are taken off; turn the speaker down, or wear headphones.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The sound card hardly runs; plug it in again, or close programs that keep the computer busy.",
    ),
    # The talk and its recording.
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The engine has failed ({0}); start again, and please report it. What was recorded is kept.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The models gave values that are no numbers, and silence stands in their place; choose another bundle if the agent stays silent.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "The talk was stopped before it began."),
    QT_TRANSLATE_NOOP("Sentences", "The talk has failed ({0}); please report it."),
    QT_TRANSLATE_NOOP("Sentences", "Something unexpected failed ({0}); please report it with {1}."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "Something unexpected failed ({0}) and no log can be written; please report it.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "There is not enough memory for that; close other programs, or ask for less.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The recording in {0} has ended ({1}). The talk goes on; make room, or choose another folder, and record again.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "The conversation cannot be played ({0})."),
    QT_TRANSLATE_NOOP("Sentences", "The sound is missing or damaged."),
    QT_TRANSLATE_NOOP("Sentences", "The conversation is being recorded; stop the talk first."),
    QT_TRANSLATE_NOOP("Sentences", "{0} belongs to a recording; choose another name."),
    QT_TRANSLATE_NOOP("Sentences", "{0} is missing; export what is left in another form."),
    QT_TRANSLATE_NOOP(
        "Sentences", "The sound of the conversation in {0} cannot be read; choose another."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "The recordings in {0} cannot be listed ({1}); choose another folder."
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} cannot be written ({1}); choose another folder."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} could not be deleted whole; close programs that use it, or delete it yourself.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} is not a recorded conversation; choose another."),
    QT_TRANSLATE_NOOP("Sentences", "{0} is not a recorded talk; choose the folder of one."),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} was written by another version of Duologue; open it with that version."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} cannot be read ({1}); choose the folder of a recorded talk."
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} is damaged in line {1}; choose another recorded talk."),
    # Settings.
    QT_TRANSLATE_NOOP(
        "Sentences",
        "Some settings were not valid and were reset: {0}. The old file is kept as {1}.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "Some settings were not valid and were reset: {0}."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The settings were damaged; the defaults are used, but nothing is recorded or deleted. "
        "The old file is kept as {0}.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The settings in {0} are damaged and cannot be set aside ({1}); the defaults are used, "
        "but nothing is recorded or deleted.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The settings in {0} cannot be read ({1}); the defaults are used, "
        "but nothing is recorded or deleted.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The settings are from a newer Duologue; the defaults are used, but nothing is "
        "recorded or deleted. The old file is kept as {0}.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The settings in {0} are from a newer Duologue and cannot be set aside ({1}); "
        "the defaults are used, but nothing is recorded or deleted.",
    ),
    # Bundles and models.
    QT_TRANSLATE_NOOP("Sentences", "{0} is missing or has another size; install it again."),
    QT_TRANSLATE_NOOP("Sentences", "{0} comes with Duologue and cannot be deleted."),
    QT_TRANSLATE_NOOP("Sentences", "{0} is not a repository's name; write it as owner/name."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The disk of {0} has {1} MB free and the bundle needs {2}; make room and try again.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} could not be deleted whole ({1}); stop the talk that uses it, or delete it yourself.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} holds no bundle ({1} is missing); choose a bundle's folder, or an archive of one.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} is not a plain file; install the bundle again."),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} is too large for a bundle's manifest; install the bundle again."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "The bundles in {0} cannot be listed ({1}); check who may read there."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} is damaged or cannot be read ({1}); get it again, or check who may read it.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} is locked with a password; unpack it and choose its folder."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} holds more than {1} files; choose the archive of a bundle."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} holds more than one bundle; unpack it and choose the folder of one."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "Your home folder is not known; let HOME name it, or DUOLOGUE_PROFILE another folder for all that Duologue keeps.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "There is no folder for what belongs to this session ({0}); let XDG_RUNTIME_DIR name one of your own that nobody else may write to.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} is damaged ({1}); get it again."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The bundle could not be installed in {0} ({1}); make room on the disk, or check who may write there.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} was refused ({1}); the repository may be private, or ask again later."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The download broke off ({0}); check the connection and pull again, it goes on where it stopped.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "A web page came in place of {0}: the network or the repository may want you to log in; open that address in a browser, then pull again.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "HF_ENDPOINT is {0}, which is no address; write it as https://host."
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} in {1} is larger than its manifest says; get it again."),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} is neither a folder nor a zip or tar archive; choose another."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} from {1} is not what its manifest says; pull it again, or tell its owner."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} does not exist; check the repository's name, and that it holds a Duologue bundle.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} has manifest version {1}, which this Duologue does not know (it knows {2}); install the newest Duologue.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} is not the file that the manifest names; install the bundle again."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} does not hold {1} different pieces of text; install the bundle again.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "The bundle {0} was not trained for chunks of {1} ms; choose one of {2}."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "There is no bundle in {0} ({1} is missing); choose a bundle's folder."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "The language model {0} cannot be read ({1}); install the bundle again."
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} cannot be read ({1}); install the bundle again."),
    QT_TRANSLATE_NOOP("Sentences", "{0} is not a bundle's manifest; install the bundle again."),
    QT_TRANSLATE_NOOP("Sentences", "{0} is wrong at {1}: {2}; install the bundle again."),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} has {1} bytes where the manifest says {2}; install the bundle again."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} is missing or not an ONNX model that can be run; install the bundle again.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} is missing; install the bundle again."),
    QT_TRANSLATE_NOOP("Sentences", "{0} is a foreign model ({1}); install the bundle again."),
    QT_TRANSLATE_NOOP("Sentences", "{0} could not be run; install the bundle again."),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} could not be run on {1} of shape {2}; install the bundle again."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The language model {0} cannot take back what it has heard (it is recurrent or has a sliding window); choose a bundle with a plain Llama model.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "The language model {0} is not a GGUF file; install the bundle again."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The language model {0} gives values that are no numbers; install the bundle again.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The language model {0} is damaged or of an unknown kind; install the bundle again.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "There is not enough memory for the language model {0}; close other programs."
    ),
    QT_TRANSLATE_NOOP("Sentences", "The context of {0} tokens is full; start anew."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The language model {0} failed (llama_decode returned {1}); restart, and choose another bundle if it happens again.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "The language model {0} gave no output; restart."),
)


def translate_sentence(sentence: str) -> str:
    """The sentence as the window says it; several may stand in paragraphs."""
    return "\n\n".join(_translated(one) for one in sentence.split("\n\n"))


def _translated(sentence: str) -> str:
    for template in map(str, _SENTENCES):
        # Compiling all of them at the first notice would hold the window up.
        if not sentence.startswith(template.partition("{")[0]):
            continue
        if not sentence.endswith(template.rpartition("}")[2]):
            continue
        found = _pattern(template).fullmatch(sentence)
        if found:
            return QCoreApplication.translate(_CONTEXT, template).format(*found.groups())
    return sentence


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\d\\\}", "(.+?)", re.escape(template)), re.DOTALL)
