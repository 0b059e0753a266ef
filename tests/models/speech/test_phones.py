"""Other notations of phones map to ours."""

from __future__ import annotations

from models.speech.phones import PHONE_ID, from_flite, from_ipa, from_misaki


def test_phone_notations() -> None:
    assert from_ipa("tʃ") == [PHONE_ID["ch"]]
    assert from_ipa("aɪə") == [PHONE_ID["ay"], PHONE_ID["ax"]]
    assert from_ipa("ˈ") == []
    assert from_flite("dx") == PHONE_ID["d"]


def test_misaki_writes_a_phone_as_one_character() -> None:
    written = {"A": "ey", "Q": "ow", "ʧ": "ch", "ɜ": "er", "ɹ": "r", "ᵻ": "ih", ".": "pau"}
    assert {symbol: from_misaki(symbol) for symbol in written} == {
        symbol: PHONE_ID[phone] for symbol, phone in written.items()
    }
