"""The phone set that supervises the tokenizer, and how other notations map to it.

It has 41 classes: the ARPABET phones that flite speaks (with the reduced vowel ``ax``) and ``pau``
for silence. Knows no audio and no network.
"""

from __future__ import annotations

PHONES = tuple(
    "aa ae ah ao aw ax ay b ch d dh eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh t th "
    "uh uw v w y z zh pau".split()
)
PHONE_ID = {phone: index for index, phone in enumerate(PHONES)}
PAUSE = PHONE_ID["pau"]

# flite's symbols without a class of their own.
_FLITE = {"axr": "er", "dx": "d", "el": "l", "em": "m", "en": "n", "brth": "pau", "ssil": "pau"}

# espeak-ng's English IPA; longest symbols are tried first.
_IPA = {
    "aʊ": "aw", "ʌʉ": "aw", "aɪ": "ay", "ʌɪ": "ay", "eɪ": "ey", "eː": "ey", "oʊ": "ow",
    "əʊ": "ow", "oː": "ao", "ɔɪ": "oy", "tʃ": "ch", "dʒ": "jh", "ɑː": "aa", "aː": "aa",
    "ɔː": "ao", "iː": "iy", "uː": "uw", "ɜː": "er", "ɪə": "ih", "eə": "eh", "ʊə": "uh",
    "əl": "ax", "ɐ": "ax", "ə": "ax", "ɚ": "er", "ɛ": "eh", "e": "eh", "æ": "ae", "a": "ae",
    "ʌ": "ah", "ɒ": "aa", "ɑ": "aa", "ɔ": "ao", "ɪ": "ih", "i": "iy", "ᵻ": "ih", "ʊ": "uh",
    "u": "uw", "ʉ": "uw", "o": "ow", "b": "b", "d": "d", "ð": "dh", "f": "f", "ɡ": "g",
    "g": "g", "h": "hh", "k": "k", "l": "l", "ɫ": "l", "m": "m", "n": "n", "ŋ": "ng", "p": "p",
    "ɹ": "r", "r": "r", "ɾ": "d", "s": "s", "ʃ": "sh", "t": "t", "θ": "th", "v": "v", "w": "w",
    "ʍ": "w", "j": "y", "z": "z", "ʒ": "zh", "ʔ": "t", "x": "k",
}  # fmt: skip

# Characters of misaki's notation that IPA lacks, or has for something else.
_MISAKI = {
    "A": "ey", "I": "ay", "W": "aw", "Y": "oy", "O": "ow", "Q": "ow", "ʤ": "jh", "ʧ": "ch",
    "T": "d", "ᵊ": "ax", "ɜ": "er",
}  # fmt: skip


def from_flite(symbol: str) -> int:
    """The class of one flite phone."""
    return PHONE_ID[_FLITE.get(symbol, symbol)]


def from_ipa(text: str) -> list[int]:
    """The classes of one espeak-ng phoneme event; empty where it has no English phone."""
    classes: list[int] = []
    position = 0
    while position < len(text):
        for width in (2, 1):
            phone = _IPA.get(text[position : position + width])
            if phone is not None:
                classes.append(PHONE_ID[phone])
                position += width
                break
        else:
            position += 1
    return classes


def from_misaki(symbol: str) -> int:
    """The class of one character of misaki's notation; punctuation is a pause."""
    if symbol in _MISAKI:
        return PHONE_ID[_MISAKI[symbol]]
    return (from_ipa(symbol) or [PAUSE])[0]
