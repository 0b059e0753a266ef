"""Translates the sentences of the engine and of app/ into the window's language.

Those modules know no Qt and write English. Their sentences are listed here as patterns, specific
ones first, so that Qt Linguist finds them. A sentence that is not listed is shown as it is.
"""

from __future__ import annotations

import re
from functools import cache

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from app.window.assistant_sentences import PURPOSES, SENTENCES

_CONTEXT = "Sentences"
_SENTENCES = (
    *SENTENCES,
    *PURPOSES,
    # Devices.
    QT_TRANSLATE_NOOP("Sentences", "There is no microphone; plug one in or switch it on."),
    QT_TRANSLATE_NOOP("Sentences", "There is no speaker; plug one in or switch it on."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The microphone {0} cannot be chosen (several have that name); choose one of: {1}.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The speaker {0} cannot be chosen (several have that name); choose one of: {1}.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "The microphone {0} cannot be chosen (none has that name); choose one of: {1}."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "The speaker {0} cannot be chosen (none has that name); choose one of: {1}."
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
        "The system's sound does not answer; wait a moment, or restart the computer.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "The sound card has stopped; Duologue is opening it again."),
    QT_TRANSLATE_NOOP("Sentences", "The speaker {0} does not answer; plug it in again."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "Windows does not let Duologue use the microphone {0}; allow it in Settings, Privacy & security, Microphone.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The microphone {0} gives digital silence; check in the system's sound settings and on the device that it is not muted.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The microphone {0} gives digital silence; allow Duologue in System Settings, Privacy & Security, Microphone.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The microphone {0} gives digital silence; allow it in Settings, Privacy & security, Microphone, and check its mute switch.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "The microphone {0} now gives sound."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The PortAudio library is missing; install it (on Debian and Ubuntu: sudo apt install libportaudio2).",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The PortAudio library is missing; install it (brew install portaudio) or install Duologue again.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "The PortAudio library is missing; install Duologue again."),
    QT_TRANSLATE_NOOP("Sentences", "The sound card's buffer is now {0} ms."),
    QT_TRANSLATE_NOOP("Sentences", "The microphone is now {0}."),
    QT_TRANSLATE_NOOP("Sentences", "The speaker is now {0}."),
    QT_TRANSLATE_NOOP("Sentences", "The microphone {0} now runs at {1} Hz."),
    QT_TRANSLATE_NOOP("Sentences", "The speaker {0} now runs at {1} Hz."),
    QT_TRANSLATE_NOOP("Sentences", "Sound is back: {0} and {1} ({2} is not connected)."),
    QT_TRANSLATE_NOOP("Sentences", "Sound is back: {0} and {1}."),
    QT_TRANSLATE_NOOP(
        "Sentences", "The sound card delivers too little sound; Duologue is opening it again."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "The sound card is gone; the conversation waits until there is one."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "The sound server does not answer; wait a moment, or log out and in again."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The sound server has stopped, so no devices can be found; log out and in again.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "The conversation is using the sound card; stop it first."),
    QT_TRANSLATE_NOOP("Sentences", "The sound card is still being tested; try again."),
    # The doctor's advice.
    QT_TRANSLATE_NOOP(
        "Sentences",
        "Chunk length {0} ms: the shortest that this computer handles easily (99 of 100 chunks take at most {1} ms).",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "Chunk length {0} ms: the engine needs up to {1} ms for one chunk, so other programs can make it late; close programs that you do not need.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "This computer is too slow for this bundle (it needs {0} ms for a chunk of {1} ms), so the agent will stutter; choose a smaller bundle.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "Latency {0} ms, one chunk: the engine has the time of one chunk to compute, and the model estimates one chunk that it has not heard. On a fast computer, half of it lets the agent understand more and wait less in your pauses.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "Sound card buffer {0} ms: the sound had {1} gaps with {2} ms."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The system removes the echo from {0}, and with it much of your voice while the agent speaks; choose the microphone itself.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The microphone does not hear the speaker (no echo within {0} s): you are wearing headphones, or one of the two is off. Then there is no echo to cancel.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The microphone hears more while the speaker plays, but no echo was found within {0} s; measure again and stay quiet, and if nothing changes, wear headphones.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "Sound card buffer {0} ms: sound takes {1} ms from speaker to microphone, mostly because of the buffers of {2} ms that you set. The echo canceller covers only {3} ms.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "Sound takes {0} ms from speaker to microphone, but the echo canceller covers only {1} ms, so the agent would hear itself; wear headphones, use a speaker with a cable (Bluetooth and AirPlay are slow), or switch hold-to-talk on.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "Part of that time comes from the buffers of {0} ms that you set."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The echo is reduced by only {0} dB; turn the speaker down, or wear headphones.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The sound card delivers almost no sound; plug it in again, or close programs that keep the computer busy.",
    ),
    # The talk and its recording.
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The engine has failed ({0}); start again, and please report it. The recording so far is kept.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The models produced values that are not numbers, and silence replaces them; choose another bundle if the agent stays silent.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "The conversation was stopped before it began."),
    QT_TRANSLATE_NOOP("Sentences", "The conversation has failed ({0}); please report it."),
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
        "The recording in {0} has ended ({1}). The conversation goes on; free some disk space or choose another folder, then record again.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "The conversation cannot be played ({0})."),
    QT_TRANSLATE_NOOP("Sentences", "The sound is missing or damaged."),
    QT_TRANSLATE_NOOP("Sentences", "The conversation is being recorded; stop it first."),
    QT_TRANSLATE_NOOP("Sentences", "{0} belongs to a recording; choose another name."),
    QT_TRANSLATE_NOOP("Sentences", "{0} is missing; export the rest in another format."),
    QT_TRANSLATE_NOOP(
        "Sentences", "The sound of the conversation in {0} cannot be read; choose another."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "The recordings in {0} cannot be listed ({1}); choose another folder."
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} cannot be written ({1}); choose another folder."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} could not be deleted completely; close programs that use it, or delete it yourself.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} is not a recorded conversation; choose another."),
    QT_TRANSLATE_NOOP("Sentences", "{0} is not a recorded conversation; choose the folder of one."),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} was written by another version of Duologue; open it with that version."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} cannot be read ({1}); choose the folder of a recorded conversation."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} is damaged in line {1}; choose another recorded conversation."
    ),
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
        "The settings in {0} are damaged and cannot be renamed ({1}); the defaults are used, but nothing is recorded or deleted.",
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
        "The settings in {0} are from a newer Duologue and cannot be renamed ({1}); the defaults are used, but nothing is recorded or deleted.",
    ),
    # Bundles and models.
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} is missing or has the wrong size; install the bundle again."
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} comes with Duologue and cannot be deleted."),
    QT_TRANSLATE_NOOP("Sentences", "{0} is not a repository name; write it as owner/name."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} contains no bundle or part ({1} is missing); choose the folder of one, or an archive of it.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} is not a plain file; install the bundle again."),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} is too large for a bundle's manifest; install the bundle again."
    ),
    # Folders of bundles and parts.
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The disk of {0} has {1} MB free, but {2} MB are needed; free some space and try again.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} cannot be listed ({1}); check the folder's permissions.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "Nothing could be installed in {0} ({1}); free some disk space, or check the folder's permissions.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "This build of ONNX Runtime has no {0}."),
    QT_TRANSLATE_NOOP("Sentences", "{0} cannot open {1}."),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} cannot be started; its libraries or its driver are missing."
    ),
    # Optional parts.
    QT_TRANSLATE_NOOP("Sentences", "This conversation goes without the assistant."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} is damaged; install that part again.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} could not be deleted completely ({1}); end the conversation that uses it, or delete it yourself.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} is no manifest of a part that this Duologue can use ({1}); get the part for this version.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} cannot be read ({1}); install that part again.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} holds no working model for hearing ({1}); install that part again.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} is missing or is no vocabulary ({1}); install the part for hearing again.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The part that hears your words has stopped, so the conversation goes on without them; start another conversation to try again.",
    ),
    # Bundles.
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} is damaged or cannot be read ({1}); get it again, or check its permissions.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} is protected by a password; unpack it and choose its folder."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} contains more than {1} files; choose the archive of a bundle or part."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} contains more than one bundle or part; unpack it and choose the folder of one.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "Your home folder is not known; set HOME to it, or set DUOLOGUE_PROFILE to another folder for all that Duologue keeps.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "There is no folder for the files of this session ({0}); set XDG_RUNTIME_DIR to a folder of your own that nobody else may write to.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} is damaged ({1}); get it again."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The server refused {0} ({1}); check that the repository is public, or try again later.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The download stopped ({0}); check the connection and download again. It continues where it stopped.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The server sent a web page instead of {0}; the network or the repository may require a login. Open that address in a browser, then download again.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "HF_ENDPOINT is {0}, which is not an address; write it as https://host."
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} in {1} is larger than its manifest says; get it again."),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} is neither a folder nor a zip or tar archive; choose another."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} from {1} does not match its manifest; download it again, or tell its owner.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} does not exist; check the repository's name, and that it contains a Duologue bundle.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} has manifest version {1}, which this Duologue does not know (it knows {2}); install the newest Duologue.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} does not match the manifest; install the bundle again."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} does not contain {1} different pieces of text; install the bundle again.",
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
    QT_TRANSLATE_NOOP("Sentences", "{0} has an error at {1}: {2}; install the bundle again."),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} has {1} bytes, but the manifest says {2}; install the bundle again."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} is missing, or is not a working ONNX model; install the bundle again.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} is missing; install the bundle again."),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} is not the expected model ({1}); install the bundle again."
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} could not be run; install the bundle again."),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} could not be run on {1} of shape {2}; install the bundle again."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The language model {0} cannot forget what it has heard (it is recurrent or has a sliding window); choose a bundle with a plain Llama model.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "The language model {0} is not a GGUF file; install the bundle again."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The language model {0} produces values that are not numbers; install the bundle again.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The language model {0} is damaged or of an unknown type; install the bundle again.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "There is not enough memory for the language model {0}; close other programs."
    ),
    QT_TRANSLATE_NOOP("Sentences", "The context of {0} tokens is full; start again."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The language model {0} failed (llama_decode returned {1}); restart, and choose another bundle if it happens again.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "The language model {0} gave no output; restart."),
)


def translate_sentence(sentence: str) -> str:
    """The translated sentence; ``sentence`` may be several, in paragraphs."""
    return "\n\n".join(_translated(one) for one in sentence.split("\n\n"))


def _translated(sentence: str) -> str:
    for template in map(str, _SENTENCES):
        # Compiling all patterns at the first notice would block the window.
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
