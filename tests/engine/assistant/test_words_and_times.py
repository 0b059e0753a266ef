"""Numbers, times, sums and units: from heard words to values, and from values to spoken words."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.assistant import in_words, measures, said_times, sums
from engine.assistant.heard_words import as_written, asked, plain, sentences

NOW = datetime(2026, 11, 29, 15, 0)
"""A Sunday."""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Set a timer for twenty-five minutes, please.", "set a timer for 25 minutes"),
        ("Could you wake me at 7:25 p.m.?", "wake me at 7:25 pm"),
        ("at six p m", "at 6 pm"),
        ("two and a half hours", "2.5 hours"),
        ("3 1/2 miles", "3.5 miles"),
        ("½ an hour", "0.5 an hour"),
        ("one hundred and five thousand and twenty", "105020"),
        ("three point one four", "3.14"),
        ("1,234.5 km/h", "1234.5 kmh"),
        ("It's 72°F", "it is 72 degrees fahrenheit"),
        ("set a time her for a minute", "set a timer for a minute"),
        ("ten, twenty", "10 20"),
        ("0730", "0730"),
    ],
)
def test_what_was_heard_is_brought_to_one_form(text: str, words: str) -> None:
    assert asked(text) == words


@settings(deadline=None)
@given(st.integers(0, 10**15 - 1))
def test_every_number_is_understood_as_it_is_spoken(value: int) -> None:
    assert plain(in_words.number(value)) == str(value)


@settings(deadline=None)
@given(st.integers(0, 23), st.integers(0, 59))
def test_every_time_of_day_is_understood_as_it_is_spoken(hour: int, minute: int) -> None:
    said = said_times.moment(plain(f"tomorrow at {in_words.clock(time(hour, minute))}"), NOW)
    assert said and not said.open and said.at == datetime(2026, 11, 30, hour, minute)


@settings(deadline=None)
@given(st.integers(1, 360 * 86400))
def test_every_length_is_understood_as_it_is_spoken(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    rounded = timedelta(minutes=round(seconds / 60)) if seconds >= 3600 else length
    assert said_times.duration(plain(in_words.duration(length))) == rounded


def test_sentences_are_cut_where_the_recogniser_ended_them() -> None:
    assert sentences("That was nice. It is 7.5 km. At 5 p.m. we go. Okay?") == [
        "That was nice.", "It is 7.5 km.", "At 5 p.m. we go.", "Okay?",
    ]  # fmt: skip
    assert as_written("call ann at home", "Remind me to call Ann, at Home.") == "call Ann, at Home"
    assert as_written("2 lemons", "add two lemons") == "2 lemons"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("half an hour", 1800), ("an hour and a half", 5400), ("one hour twenty", 4800),
        ("three quarters of an hour", 2700), ("a couple of minutes", 120), ("two hours and a half", 9000),
        ("90 seconds", 90), ("5 more minutes", 300), ("zero minutes", None), ("five", None),
        ("a thousand days", None), ("minutes", None),
    ],
)  # fmt: skip
def test_lengths(text: str, seconds: int | None) -> None:
    assert said_times.duration(plain(text)) == (timedelta(seconds=seconds) if seconds else None)


@pytest.mark.parametrize(
    ("text", "at", "is_open"),
    [
        ("at seven", (29, 19, 0), True), ("7.25 pm", (29, 19, 25), False), ("25 past seven", (29, 19, 25), True),
        ("at 19:30", (29, 19, 30), False), ("0730", (30, 7, 30), False), ("at noon", (30, 12, 0), False),
        ("quarter to eight in the evening", (29, 19, 45), False), ("tonight at 9", (29, 21, 0), False),
        ("tomorrow at eight", (30, 8, 0), True), ("half past seven tomorrow morning", (30, 7, 30), False),
        ("on Monday at 8 am", (30, 8, 0), False), ("in ten minutes", (29, 15, 10), False),
        ("at 4 today", (29, 16, 0), False), ("tomorrow morning", (30, 8, 0), False),
        ("seven oh five am", (30, 7, 5), False), ("at 12 am", (30, 0, 0), False),
    ],
)  # fmt: skip
def test_moments(text: str, at: tuple[int, int, int], is_open: bool) -> None:
    said = said_times.moment(plain(text), NOW)
    assert said and said.open == is_open
    day, hour, minute = at
    assert said.at == datetime(2026, 11, day, hour, minute)


@pytest.mark.parametrize(
    ("now", "text", "at"),
    [
        ((2026, 1, 31, 10), "in a month", (2026, 2, 28, 9)), ((2024, 1, 31, 10), "in a month", (2024, 2, 29, 9)),
        ((2024, 2, 29, 12), "in a year", (2025, 2, 28, 9)), ((2024, 2, 28, 10), "tomorrow at noon", (2024, 2, 29, 12)),
        ((2026, 12, 31, 22), "at 7 a.m.", (2027, 1, 1, 7)), ((2026, 4, 1, 12), "on the 31st at noon", (2026, 5, 31, 12)),
        ((2026, 3, 4, 23), "tonight at one", (2026, 3, 5, 1)), ((2026, 3, 5, 0), "tonight at one", (2026, 3, 5, 1)),
        ((2026, 3, 5, 0), "tonight at eleven", (2026, 3, 5, 23)), ((2026, 3, 4, 8), "at twelve tonight", (2026, 3, 5, 0)),
        ((2026, 3, 7, 12), "next monday at 8 am", (2026, 3, 9, 8)), ((2026, 3, 8, 12), "next monday at 8 am", (2026, 3, 16, 8)),
        ((2026, 3, 6, 12), "on friday at 6 pm", (2026, 3, 13, 18)), ((2026, 3, 6, 12), "this friday at 6 pm", (2026, 3, 6, 18)),
        ((2026, 3, 4, 21), "in the evening", (2026, 3, 5, 18)), ((2026, 3, 4, 12), "friday night at half past ten", (2026, 3, 6, 22, 30)),
        ((2026, 3, 4, 11), "at 12 midnight", (2026, 3, 5, 0)), ((2026, 3, 4, 12), "at five to midnight", (2026, 3, 4, 23, 55)),
        ((2026, 3, 4, 12), "three days from now at noon", (2026, 3, 7, 12)), ((2026, 3, 4, 12), "at half one in the afternoon", (2026, 3, 4, 13, 30)),
        ((2026, 3, 4, 12), "ten to one in the afternoon", (2026, 3, 4, 12, 50)), ((2026, 3, 4, 12), "at 5:30 p.m. on may 1st", (2026, 5, 1, 17, 30)),
    ],
)  # fmt: skip
def test_moments_at_the_ends_of_days_months_and_years(now, text: str, at) -> None:
    said = said_times.moment(plain(text), datetime(*now))
    assert said and not said.open and said.at == datetime(*at)


@pytest.mark.parametrize(
    "text",
    [
        "at 25:00",
        "at 15 am",
        "on the 31st of april at noon",
        "february 30th at noon",
        "at 7:75",
        "today at 2",
        "on the table",
        "on the 45th of may",
        "later",
        "",
        "at 3 am today",
    ],
)
def test_no_moments(text: str) -> None:
    assert said_times.moment(plain(text), NOW) is None


def test_a_part_of_the_day_settles_an_open_time() -> None:
    said = said_times.moment("at 7", NOW)
    assert said
    assert said.settled(False, NOW).at == datetime(2026, 11, 30, 7, 0)
    assert said.settled(True, NOW).at == datetime(2026, 11, 29, 19, 0)
    at_noon = said_times.moment("at 12:30", NOW)
    assert at_noon and at_noon.settled(True, NOW).at == datetime(2026, 11, 30, 12, 30)
    assert at_noon.settled(False, NOW).at == datetime(2026, 11, 30, 0, 30)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("What is 17 x 23?", "That is three hundred and ninety one."),
        ("how much is 5 plus 6 times 2", "That is seventeen."),
        ("what's eighty plus fifteen percent", "That is ninety two."),
        ("divide 100 by 7", "That is about fourteen point two eight six."),
        ("what is the square root of two", "That is about one point four one four."),
        (
            "what is the square root of minus 4",
            "A negative number has no square root among the real numbers.",
        ),
        ("half of 36", "That is eighteen."),
        ("what is 3/4 of 100", "That is seventy five."),
        ("a third of ninety", "That is thirty."),
        ("how much is 10/0", "Nothing can be divided by zero."),
        ("two to the power of 9999", "That number is too large for me."),
        ("minus five plus three", "That is minus two."),
    ],
)
def test_sums(text: str, said: str) -> None:
    tokens = sums.sum_in(asked(text))
    assert tokens and sums.answer(tokens) == said


@pytest.mark.parametrize(
    "text", ["five", "what is 5", "times", "9/10", "7-5", "over 10", "plus", "5 plus"]
)
def test_no_sums(text: str) -> None:
    assert sums.sum_in(asked(text)) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "convert five miles to kilometers",
            "Five miles are about eight point zero five kilometers.",
        ),
        ("how many ounces are in a pound", "One pound is sixteen ounces."),
        ("how many ounces in a cup", "One US cup is eight US fluid ounces."),
        (
            "minus 40 celsius in fahrenheit",
            "Minus forty degrees Celsius are minus forty degrees Fahrenheit.",
        ),
        (
            "5 feet 10 inches in cm",
            "Seventy inches are one hundred and seventy seven point eight centimeters.",
        ),
        (
            "what is 100 km/h in mph",
            "One hundred kilometers per hour are about sixty two point one miles per hour.",
        ),
        ("how many acres in a hectare", "One hectare is about two point four seven acres."),
        ("2 gigabytes in megabytes", "Two gigabytes are two thousand megabytes."),
        ("convert 5 miles to kilograms", "Miles cannot be turned into kilograms."),
        ("how many seconds in a day", "One day is eighty six thousand four hundred seconds."),
    ],
)
def test_units(text: str, said: str) -> None:
    found = measures.conversion_in(asked(text))
    assert found and measures.answer(*found) == said


@settings(deadline=None)
@given(st.sampled_from(sorted(measures.UNITS)), st.floats(-1e6, 1e6), st.data())
def test_every_unit_is_turned_into_every_other_of_its_kind(unit: str, value: float, data) -> None:
    same = [name for name, other in measures.UNITS.items()
            if other.dimension == measures.UNITS[unit].dimension]  # fmt: skip
    said = measures.answer(value, unit, data.draw(st.sampled_from(same)))
    assert "cannot" not in said and not any(letter in "0123456789" for letter in said)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (in_words.number(1_000_005), "one million and five"), (in_words.number(-0.25), "minus zero point two five"),
        (in_words.number(1e20), "one times ten to the power of twenty"), (in_words.number(float("nan")), "not a number"),
        (in_words.ordinal(31), "thirty first"), (in_words.ordinal(40), "fortieth"), (in_words.year(1984), "nineteen eighty four"),
        (in_words.year(1905), "nineteen oh five"), (in_words.year(2005), "two thousand and five"),
        (in_words.calendar_day(date(2026, 3, 1)), "Sunday, the first of March twenty twenty six"),
        (in_words.clock(time(0, 5)), "twelve oh five at night"), (in_words.listed(["a", "b", "c"]), "a, b and c"),
    ],
)  # fmt: skip
def test_values_in_words(said: str, expected: str) -> None:
    assert said == expected
