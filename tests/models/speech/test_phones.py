"""Other notations of phones map to ours."""

from __future__ import annotations

from models.speech.phones import PHONE_ID, from_flite, from_ipa


def test_phone_notations() -> None:
    assert from_ipa("tʃ") == [PHONE_ID["ch"]]
    assert from_ipa("aɪə") == [PHONE_ID["ay"], PHONE_ID["ax"]]
    assert from_ipa("ˈ") == []
    assert from_flite("dx") == PHONE_ID["d"]
