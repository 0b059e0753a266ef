"""The assistant's sentences and what its requests do, for `app.window.sentences`."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP

SENTENCES = (
    # What is missing.
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The assistant needs the part for hearing, which is not installed; install it on the page Models.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The assistant needs the part for the voice, which is not installed; install it on the page Models.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The agent of {0} has units that Duologue cannot make from text; choose another bundle, or switch the background mind off.",
    ),
    # The text server.
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} is no plain address; write one like http://127.0.0.1:8080/v1."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "{0} is not this computer; the text server must be at 127.0.0.1 or localhost."
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} is no address; write one like http://127.0.0.1:8080/v1."),
    QT_TRANSLATE_NOOP("Sentences", "The text server at {0} has no model; load one in it."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The text server at {0} points to another place, which is not followed; write its own address.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "The text server at {0} refused ({1}); look at its window."),
    QT_TRANSLATE_NOOP("Sentences", "The text server at {0} does not answer ({1}); start it."),
    QT_TRANSLATE_NOOP("Sentences", "The text server at {0} failed{1}; look at its window."),
    # The text model.
    QT_TRANSLATE_NOOP("Sentences", "The text model does not answer; it is started again."),
    QT_TRANSLATE_NOOP("Sentences", "The text model took too long; it is started again."),
    QT_TRANSLATE_NOOP(
        "Sentences", "The text model has ended; it may need more memory than there is."
    ),
    QT_TRANSLATE_NOOP("Sentences", "The text model {0} is not a GGUF file; choose another one."),
    QT_TRANSLATE_NOOP(
        "Sentences", "The text model {0} is damaged or of an unknown type; choose another file."
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} has no words, so it cannot chat; choose another file."),
    QT_TRANSLATE_NOOP("Sentences", "{0} is no chat model; choose another file."),
    QT_TRANSLATE_NOOP(
        "Sentences", "There is not enough memory for the text model {0}; choose a smaller one."
    ),
    QT_TRANSLATE_NOOP("Sentences", "The text model {0} failed (llama_decode: {1}); ask again."),
    QT_TRANSLATE_NOOP("Sentences", "The text model {0} cannot read the words."),
    QT_TRANSLATE_NOOP("Sentences", "The text model {0} cannot be read ({1}); choose another file."),
    QT_TRANSLATE_NOOP("Sentences", "That was too long for the text model; say it in fewer words."),
    QT_TRANSLATE_NOOP("Sentences", "The model's chat template failed ({0}); choose another file."),
    QT_TRANSLATE_NOOP(
        "Sentences", "The model's chat template is not valid ({0}); choose another file."
    ),
    # Own actions.
    QT_TRANSLATE_NOOP("Sentences", "The action {0} has no list WORDS of what one can say."),
    QT_TRANSLATE_NOOP(
        "Sentences", "WORDS of the action {0} must be at most {1} texts of at most {2} letters."
    ),
    QT_TRANSLATE_NOOP("Sentences", "ASK_FIRST of the action {0} must be a short question."),
    QT_TRANSLATE_NOOP(
        "Sentences", 'The slots of "{0}" in the action {1} need different plain names.'
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} in the action {1} needs at least two words of its own and at most {2} slots.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences", "The folder of own actions {0} is not there; choose another one."
    ),
    QT_TRANSLATE_NOOP("Sentences", "The action {0} took too long and was ended; it is left out."),
    QT_TRANSLATE_NOOP("Sentences", "The action {0} took too long and was ended."),
    QT_TRANSLATE_NOOP(
        "Sentences", "The action {0} ended the process in which it ran; it is left out."
    ),
    QT_TRANSLATE_NOOP("Sentences", "The action {0} ended the process in which it ran."),
    QT_TRANSLATE_NOOP("Sentences", "The action {0} has to wait; ask again."),
    QT_TRANSLATE_NOOP("Sentences", "The action {0} is not a Python file."),
    QT_TRANSLATE_NOOP("Sentences", "The action {0} is not there any more."),
    QT_TRANSLATE_NOOP("Sentences", "The action {0} returned no text."),
    QT_TRANSLATE_NOOP("Sentences", "The action {0} has no function answer."),
    QT_TRANSLATE_NOOP("Sentences", "The action {0} failed ({1})."),
    QT_TRANSLATE_NOOP("Sentences", "The action {0} cannot be loaded ({1})."),
    # Files of reminders, notes and lists.
    QT_TRANSLATE_NOOP(
        "Sentences", "The file of reminders was damaged; it is kept as {0}. Set them again."
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{0} could not be read, so it is not replaced; check its permissions and start again.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The reminders in {0} are damaged and cannot be renamed ({1}); rename the file and start again.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} is longer than a megabyte; make it shorter."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The reminders in {0} cannot be read ({1}); check its permissions and start again.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{0} cannot be read ({1}); check its permissions."),
)
PURPOSES = (
    QT_TRANSLATE_NOOP("Sentences", "the time"),
    QT_TRANSLATE_NOOP("Sentences", "the day of the week"),
    QT_TRANSLATE_NOOP("Sentences", "the date"),
    QT_TRANSLATE_NOOP("Sentences", "the time elsewhere is not known"),
    QT_TRANSLATE_NOOP("Sentences", "a timer"),
    QT_TRANSLATE_NOOP("Sentences", "an alarm"),
    QT_TRANSLATE_NOOP("Sentences", "a reminder"),
    QT_TRANSLATE_NOOP("Sentences", "alarms for every day are not there"),
    QT_TRANSLATE_NOOP("Sentences", "how long is left"),
    QT_TRANSLATE_NOOP("Sentences", "what is set"),
    QT_TRANSLATE_NOOP("Sentences", "cancel one"),
    QT_TRANSLATE_NOOP("Sentences", "ring again later"),
    QT_TRANSLATE_NOOP("Sentences", "arithmetic"),
    QT_TRANSLATE_NOOP("Sentences", "units of measure"),
    QT_TRANSLATE_NOOP("Sentences", "a note"),
    QT_TRANSLATE_NOOP("Sentences", "read the notes"),
    QT_TRANSLATE_NOOP("Sentences", "delete the last note"),
    QT_TRANSLATE_NOOP("Sentences", "delete all notes, after a question"),
    QT_TRANSLATE_NOOP("Sentences", "put something on the shopping list"),
    QT_TRANSLATE_NOOP("Sentences", "take something off it"),
    QT_TRANSLATE_NOOP("Sentences", "ask for one thing"),
    QT_TRANSLATE_NOOP("Sentences", "read the shopping list"),
    QT_TRANSLATE_NOOP("Sentences", "empty it, after a question"),
    QT_TRANSLATE_NOOP("Sentences", "louder"),
    QT_TRANSLATE_NOOP("Sentences", "quieter"),
    QT_TRANSLATE_NOOP("Sentences", "a volume in percent"),
    QT_TRANSLATE_NOOP("Sentences", "say it again"),
    QT_TRANSLATE_NOOP("Sentences", "be quiet for a while"),
    QT_TRANSLATE_NOOP("Sentences", "speak again"),
    QT_TRANSLATE_NOOP("Sentences", "end the conversation"),
    QT_TRANSLATE_NOOP("Sentences", "your name"),
    QT_TRANSLATE_NOOP("Sentences", "what your name is"),
    QT_TRANSLATE_NOOP("Sentences", "weather and news are not known"),
    QT_TRANSLATE_NOOP("Sentences", "take back the last change"),
    QT_TRANSLATE_NOOP("Sentences", "what can be said"),
)
"""`engine.assistant.actions.Action.purpose` of each action."""
