"""Conversion of units of measure as it is asked for by voice. Pure.

Our own table, because the spoken names are ours in any case (docs/assistant.md, libraries). Factors
are exact by definition (the international yard and pound of 1959, the US gallon of 231 cubic
inches, the imperial gallon of 4.54609 litres).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.assistant.in_words import number


@dataclass(frozen=True)
class Unit:
    """A unit: its dimension, its size in the dimension's base unit, and how it is said."""

    dimension: str
    size: float
    one: str
    many: str
    zero: float = 0.0
    """The base unit's value at this unit's zero; for temperatures."""
    upside_down: bool = False
    """More of it is less of the others: litres per 100 kilometers beside miles per gallon."""


def _units() -> dict[str, Unit]:
    table: dict[str, Unit] = {}
    for line in _TABLE.strip().splitlines():
        dimension, size, zero, names = (part.strip() for part in line.split("|"))
        one, many, *others = (name.strip() for name in names.split(","))
        upside_down = zero == "upside down"
        unit = Unit(
            dimension, float(size), one, many, 0.0 if upside_down else float(zero or 0), upside_down
        )
        for name in (one, many, *others):
            table[name] = unit
    return table


_TABLE = """
length | 1            |        | meter, meters, metre, metres
length | 1000         |        | kilometer, kilometers, kilometre, kilometres, km, kms, k m
length | 0.01         |        | centimeter, centimeters, centimetre, centimetres, cm
length | 0.001        |        | millimeter, millimeters, millimetre, millimetres, mm
length | 1609.344     |        | mile, miles
length | 0.9144       |        | yard, yards
length | 0.3048       |        | foot, feet, ft
length | 0.0254       |        | inch, inches
length | 1852         |        | nautical mile, nautical miles
mass   | 1            |        | kilogram, kilograms, kilo, kilos, kg, kgs, kilogramme, kilogrammes
mass   | 0.001        |        | gram, grams, gramme, grammes
mass   | 0.000001     |        | milligram, milligrams
mass   | 1000         |        | metric ton, metric tons, ton, tons, tonne, tonnes
mass   | 0.45359237   |        | pound, pounds, lb, lbs
mass   | 0.028349523125 |      | ounce, ounces, oz
mass   | 6.35029318   |        | stone, stone, stones
volume | 1            |        | liter, liters, litre, litres
volume | 0.001        |        | milliliter, milliliters, millilitre, millilitres, ml, mls
volume | 0.01         |        | centiliter, centiliters, centilitre, centilitres
volume | 0.1          |        | deciliter, deciliters, decilitre, decilitres
volume | 1000         |        | cubic meter, cubic meters, cubic metre, cubic metres
volume | 3.785411784  |        | US gallon, US gallons, gallon, gallons, us gallon, us gallons
volume | 0.946352946  |        | US quart, US quarts, quart, quarts, us quart, us quarts
volume | 0.473176473  |        | US pint, US pints, pint, pints, us pint, us pints
volume | 0.2365882365 |        | US cup, US cups, cup, cups, us cup, us cups
volume | 0.0295735295625 |     | US fluid ounce, US fluid ounces, fluid ounce, fluid ounces
volume | 0.01478676478125 |    | tablespoon, tablespoons
volume | 0.00492892159375 |    | teaspoon, teaspoons
volume | 4.54609      |        | imperial gallon, imperial gallons, uk gallon, uk gallons
volume | 0.56826125   |        | imperial pint, imperial pints, uk pint, uk pints, british pint
heat   | 1            | 0      | degree Celsius, degrees Celsius, celsius, centigrade, degrees celsius, degrees centigrade, degree celsius
heat   | 0.5555555555555556 | -17.77777777777778 | degree Fahrenheit, degrees Fahrenheit, fahrenheit, degrees fahrenheit, degree fahrenheit, fahrenheits
heat   | 1            | -273.15 | kelvin, kelvin, kelvins, degrees kelvin
speed  | 1            |        | meter per second, meters per second, metres per second
speed  | 0.2777777777777778 |  | kilometer per hour, kilometers per hour, kilometres per hour, kilometers an hour, kilometres an hour, kmh, km h, kph
speed  | 0.44704      |        | mile per hour, miles per hour, miles an hour, mph
speed  | 0.5144444444444445 |  | knot, knots
economy | 1           |        | kilometer per liter, kilometers per liter, kilometres per litre, kilometres per liter
economy | 0.42514370743027 |   | mile per US gallon, miles per US gallon, miles per gallon, mpg, m p g, miles to the gallon, us mpg
economy | 0.35400618997457 |   | mile per imperial gallon, miles per imperial gallon, uk mpg, miles per uk gallon
economy | 100         | upside down | liter per one hundred kilometers, liters per one hundred kilometers, liters per 100 kilometers, litres per 100 kilometres, liters per 100 km, litres per 100 km, liters per 100 kilometres, litres per 100 kilometers
time   | 1            |        | second, seconds
time   | 0.001        |        | millisecond, milliseconds
time   | 60           |        | minute, minutes
time   | 3600         |        | hour, hours
time   | 86400        |        | day, days
time   | 604800       |        | week, weeks
time   | 1209600      |        | fortnight, fortnights
time   | 31557600     |        | year, years
area   | 1            |        | square meter, square meters, square metre, square metres
area   | 1000000      |        | square kilometer, square kilometers, square kilometre, square kilometres
area   | 0.09290304   |        | square foot, square feet
area   | 0.83612736   |        | square yard, square yards
area   | 2589988.110336 |      | square mile, square miles
area   | 4046.8564224 |        | acre, acres
area   | 10000        |        | hectare, hectares
data   | 1            |        | byte, bytes
data   | 0.125        |        | bit, bits
data   | 1000         |        | kilobyte, kilobytes, kb
data   | 1000000      |        | megabyte, megabytes, mb, megs
data   | 1000000000   |        | gigabyte, gigabytes, gb, gigs
data   | 1000000000000 |       | terabyte, terabytes, tb
data   | 125000       |        | megabit, megabits
data   | 1048576      |        | mebibyte, mebibytes
data   | 1073741824   |        | gibibyte, gibibytes
"""
UNITS = _units()
_FLUID = {"ounce": UNITS["fluid ounce"]}
_NAME = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_SHARES = {"half": 0.5, "quarter": 0.25, "3th": 1 / 3, "third": 1 / 3, "3 quarters": 0.75, "1/3": 1 / 3,
           "2/3": 2 / 3, "2 thirds": 2 / 3}  # fmt: skip
_SHARE = rf"(?:(?:an? |1 )?(?:{'|'.join(_SHARES)}|0\.5|0\.25|0\.75))(?: of)?(?: an?)?"
_COUNT = rf"(?:(?:minus )?\d+(?:\.\d+)?|{_SHARE}|an?)"
_AMOUNT = (
    rf"(?P<count>{_COUNT}) (?P<unit>{_NAME})"
    rf"(?: (?:and )?(?P<count2>\d+(?:\.\d+)?)(?: (?P<unit2>{_NAME}))?| and an? (?P<more>half|quarter))?"
)
_NEXT = {"foot": "inches", "feet": "inches", "ft": "inches", "stone": "pounds", "stones": "pounds",
         "pound": "ounces", "pounds": "ounces"}  # fmt: skip
"""What a number after it counts: "five foot ten", "eleven stone four"."""
_DEGREES = {"celsius": "fahrenheit", "centigrade": "fahrenheit", "fahrenheit": "celsius"}
"""Of which "350 degrees" are when they are wanted in the other."""
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:convert|change|turn|translate) {_AMOUNT} (?:to|into|in) (?P<to>{_NAME})",
        rf"(?:what is|what are|how (?:much|far|long|hot|cold|warm|heavy|fast|big|tall|many) (?:is|are)) "
        rf"{_AMOUNT} (?:in|to|into) (?P<to>{_NAME})",
        rf"how (?:many|much) (?P<to>{_NAME}) (?:are |is |is it |do )?(?:there )?(?:in|make|is|are|to) {_AMOUNT}",
        rf"how (?:many|much) (?P<to>{_NAME}) (?:does|do|would) {_AMOUNT} (?:make|have|equal|be)",
        rf"{_AMOUNT} (?:in|to|into) (?P<to>{_NAME})",
    )
)


_LEAST_ECONOMY = 1e-9
_BARE_DEGREES = re.compile(
    rf"((?:convert |what is |what are |how (?:hot|cold|warm) (?:is|are) )?(?:minus )?\d+(?:\.\d+)? degrees?)"
    rf"((?: in| to| into) (?:degrees )?({'|'.join(_DEGREES)}))"
)


def conversion_in(words: str) -> tuple[float, str, str] | None:
    """Value, unit and wanted unit if the words ask for a conversion and nothing else.

    Two units of one dimension ("5 feet 10 inches") are given in the second. The units are keys of
    `UNITS`; of a pair that cannot be converted, both are given all the same.
    """
    words = _BARE_DEGREES.sub(lambda said: f"{said[1]} {_DEGREES[said[3]]}{said[2]}", words)
    for pattern in _PATTERNS:
        found = pattern.fullmatch(words)
        if found is None:
            continue
        value, unit, to = _count(found["count"]), found["unit"], found["to"]
        if found["more"]:
            value += 0.5 if found["more"] == "half" else 0.25
        if found["count2"]:
            smaller = found["unit2"] or _NEXT.get(unit)
            if smaller is None:
                return None
            first, second = UNITS[unit], UNITS[smaller]
            if first.dimension != second.dimension or first.zero or second.zero:
                return None
            value = round(value * first.size / second.size + float(found["count2"]), 9)
            unit = smaller
        return value, unit, to
    return None


def answer(value: float, unit: str, to: str) -> str:
    """The conversion of `conversion_in` as a spoken sentence."""
    first, second = UNITS[unit], UNITS[to]
    if first.dimension != second.dimension:
        # An ounce of something that flows is a fluid ounce.
        if "volume" in (first.dimension, second.dimension):
            first, second = _FLUID.get(first.one, first), _FLUID.get(second.one, second)
        if first.dimension != second.dimension:
            return f"{first.many.capitalize()} cannot be turned into {second.many}."
    if first.upside_down != second.upside_down:
        if abs(value) < _LEAST_ECONOMY:
            return "Nothing can be divided by zero."
        result = 100 / (value * (second if first.upside_down else first).size)
    else:
        result = (value * first.size + first.zero - second.zero) / second.size
    shown = _rounded(result)
    exact = abs(shown - result) <= 1e-9 * max(1.0, abs(result))
    verb = "are" if abs(value) != 1 else "is"
    begin = f"{number(value)} {first.one if abs(value) == 1 else first.many} {verb}"
    end = f"{number(shown)} {second.one if abs(shown) == 1 else second.many}"
    return f"{begin[0].upper()}{begin[1:]} {'' if exact else 'about '}{end}."


def _count(words: str) -> float:
    if words in ("a", "an"):
        return 1.0
    share = re.sub(r"(?<=\w)(?: of)?(?: an?)?$", "", words)
    share = re.sub(r"^(?:an?|1) ", "", share)
    if share in _SHARES:
        return _SHARES[share]
    return float(share.replace("minus ", "-"))


def _rounded(value: float) -> float:
    """As many digits as an ear takes: an exact value with two decimals, else about three digits."""
    if abs(value - round(value, 2)) < 1e-9 * max(1.0, abs(value)) and abs(value) < 10_000:
        return round(value, 2)
    if abs(value) >= 100:
        return float(round(value))
    if abs(value) >= 1:
        return round(value, 1 if abs(value) >= 10 else 2)
    return float(f"{value:.2g}")
