"""Reads a pickle as plain data: no name in it is imported, nothing in it is called.

A pickle is a program for a small machine of stacks. This runs that program with every class,
function and object replaced by a `Made`, which only says what would have been made of what. The
arrays that joblib puts between the instructions are read, too. Knows nothing of k-means.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

_ARRAY_WRAPPER = "joblib.numpy_pickle NumpyArrayWrapper"
_OLD_WRAPPERS = ("NDArrayWrapper", "ZNDArrayWrapper")
_PLAIN_KINDS = "biuf"
_MARK = object()
_DAMAGE = (
    *(ValueError, IndexError, KeyError, TypeError, AttributeError),
    *(OverflowError, MemoryError, RecursionError),
)
_Machine = list[Any]


@dataclass
class Made:
    """What an instruction would have made: the name of a class or function, and what it got."""

    name: str
    arguments: tuple[Any, ...] = ()
    state: Any = None
    items: list[Any] = field(default_factory=list)


class NotPlainError(ValueError):
    """The pickle is damaged, or of a kind that is not read."""


def read_pickle(stream: BinaryIO) -> Any:
    """What the pickle at the beginning of a seekable stream holds.

    Plain values, lists, tuples and dictionaries are themselves, arrays of numbers are numpy's,
    anything else is a `Made`. Raises NotPlainError.
    """
    try:
        return _run(stream)
    except NotPlainError:
        raise
    except _DAMAGE as error:
        raise NotPlainError(f"it is no whole pickle ({error})") from error


def _run(stream: BinaryIO) -> Any:
    stack: _Machine = []
    memo: dict[int, Any] = {}
    argument: Any
    for operation, argument, _ in pickletools.genops(stream):
        name = operation.name
        if name == "STOP":
            return stack.pop()
        if name in _IGNORED:
            continue
        if name in _VALUES:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name]())
        elif name == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif name == "GLOBAL":
            stack.append(Made(argument))
        elif name == "BUILD":
            _build(stack, stream)
        elif name in _STEPS:
            _STEPS[name](stack)
        else:
            raise NotPlainError(f"it has the instruction {name}")
    raise NotPlainError("it has no end")


def _build(stack: _Machine, stream: BinaryIO) -> None:
    state, made = stack.pop(), stack[-1]
    if not isinstance(made, Made):
        raise NotPlainError("it changes a plain value")
    made.state = state
    kind = made.name.split()[-1]
    if made.name == _ARRAY_WRAPPER:
        stack[-1] = _joblib_array(state, stream)
    elif kind in _OLD_WRAPPERS:
        raise NotPlainError("joblib before 0.10 wrote it, with its arrays in other files")
    elif _is_array(made):
        # In place, because the memo holds it already.
        made.items = [_plain_array(state)]


def _is_array(made: Made) -> bool:
    return made.name.split()[-1] == "_reconstruct" and bool(made.arguments)


def as_array(value: Any) -> np.ndarray | None:
    """The numbers of an array that joblib or pickle wrote; None if the value is none."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, Made) and _is_array(value) and value.items:
        found: np.ndarray = value.items[0]
        return found
    return None


def _joblib_array(state: dict[str, Any], stream: BinaryIO) -> np.ndarray:
    """The array behind its wrapper, whose values lie between the instructions."""
    dtype = _dtype(state["dtype"])
    shape = tuple(int(size) for size in state["shape"])
    if state.get("numpy_array_alignment_bytes") is not None:
        (padding,) = stream.read(1)
        stream.read(padding)
    values = _take(stream, _size(shape, dtype))
    return _shaped(values, dtype, shape, state["order"] == "F")


def _plain_array(state: tuple[Any, ...]) -> np.ndarray:
    """The array whose values are in the pickle itself, as numpy writes it."""
    _, shape, described, fortran, values = state
    return _whole_array(values, described, shape, bool(fortran))


def _whole_array(values: Any, described: Any, shape: Any, fortran: bool) -> np.ndarray:
    dtype = _dtype(described)
    if isinstance(values, Made):  # how Python 3 writes bytes in the oldest protocols
        values = values.arguments[0]
    if isinstance(values, str):
        values = values.encode("latin1")
    shape = tuple(int(size) for size in shape)
    if len(values) != _size(shape, dtype):
        raise NotPlainError("an array is not whole")
    return _shaped(values, dtype, shape, fortran)


def _dtype(described: Any) -> np.dtype:
    """numpy's type from what a pickle says of it: its code, and the order of its bytes."""
    if not isinstance(described, Made) or not described.arguments:
        raise NotPlainError("an array has no type")
    dtype = np.dtype(str(described.arguments[0]))
    if dtype.kind not in _PLAIN_KINDS:
        raise NotPlainError(f"it has an array of {dtype}")
    order = described.state[1] if isinstance(described.state, tuple) else "|"
    if order not in ("<", ">"):
        return dtype
    return dtype.newbyteorder(">" if order == ">" else "<")


def _size(shape: tuple[int, ...], dtype: np.dtype) -> int:
    size = dtype.itemsize
    for length in shape:
        if length < 0:
            raise NotPlainError("an array has no shape")
        size *= length
    return size


def _take(stream: BinaryIO, size: int) -> bytes:
    here = stream.tell()
    if size > stream.seek(0, io.SEEK_END) - here:
        raise NotPlainError("an array is not whole")
    stream.seek(here)
    return stream.read(size)


def _shaped(values: bytes, dtype: np.dtype, shape: tuple[int, ...], fortran: bool) -> np.ndarray:
    array = np.frombuffer(values, dtype).astype(dtype.newbyteorder("="))
    return array.reshape(shape, order="F" if fortran else "C")


# --- the instructions -----------------------------------------------------------------------------


def _to_mark(stack: _Machine) -> list[Any]:
    place = max(i for i, value in enumerate(stack) if value is _MARK)
    found = stack[place + 1 :]
    del stack[place:]
    return found


def _pop(stack: _Machine) -> None:
    stack.pop()


def _pop_mark(stack: _Machine) -> None:
    _to_mark(stack)


def _reduce(stack: _Machine) -> None:
    arguments, called = stack.pop(), stack.pop()
    if not isinstance(called, Made) or not isinstance(arguments, tuple):
        raise NotPlainError("it calls a plain value")
    kind = called.name.split()[-1]
    if kind == "_frombuffer":  # how numpy writes an array in protocol 5
        values, described, shape, order = arguments
        stack.append(_whole_array(values, described, shape, order == "F"))
    elif kind == "_reconstructor":  # how the oldest protocols write an object
        stack.append(Made(arguments[0].name))
    else:
        stack.append(Made(called.name, arguments))


def _new_with_names(stack: _Machine) -> None:
    stack.pop()
    _reduce(stack)


def _stack_global(stack: _Machine) -> None:
    name, module = stack.pop(), stack.pop()
    stack.append(Made(f"{module} {name}"))


def _append(stack: _Machine) -> None:
    value = stack.pop()
    _extend(stack[-1], [value])


def _appends(stack: _Machine) -> None:
    values = _to_mark(stack)
    _extend(stack[-1], values)


def _extend(target: Any, values: list[Any]) -> None:
    if isinstance(target, Made):
        target.items += values
    elif isinstance(target, set):
        target.update(values)
    else:
        target.extend(values)


def _set_items(stack: _Machine, pairs: list[Any]) -> None:
    target = stack[-1]
    items = target.items if isinstance(target, Made) else None
    for key, value in zip(pairs[::2], pairs[1::2], strict=True):
        if items is not None:
            items.append((key, value))
        else:
            target[key] = value


def _set_item(stack: _Machine) -> None:
    value, key = stack.pop(), stack.pop()
    _set_items(stack, [key, value])


def _set_many(stack: _Machine) -> None:
    pairs = _to_mark(stack)
    _set_items(stack, pairs)


def _dictionary(stack: _Machine) -> None:
    pairs = _to_mark(stack)
    stack.append(dict(zip(pairs[::2], pairs[1::2], strict=True)))


def _tuple_of(count: int) -> Callable[[_Machine], None]:
    def step(stack: _Machine) -> None:
        values = tuple(stack[len(stack) - count :])
        if len(values) < count:
            raise NotPlainError("a tuple is not whole")
        del stack[len(stack) - count :]
        stack.append(values)

    return step


_IGNORED = {"PROTO", "FRAME"}
_VALUES = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
    *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BYTEARRAY8"),
}
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": dict,
    "EMPTY_SET": set,
    "MARK": lambda: _MARK,
}
_STEPS: dict[str, Callable[[_Machine], None]] = {
    "POP": _pop,
    "POP_MARK": _pop_mark,
    "DUP": lambda stack: stack.append(stack[-1]),
    "LIST": lambda stack: stack.append(_to_mark(stack)),
    "TUPLE": lambda stack: stack.append(tuple(_to_mark(stack))),
    "TUPLE1": _tuple_of(1),
    "TUPLE2": _tuple_of(2),
    "TUPLE3": _tuple_of(3),
    "DICT": _dictionary,
    "FROZENSET": lambda stack: stack.append(frozenset(_to_mark(stack))),
    "APPEND": _append,
    "APPENDS": _appends,
    "ADDITEMS": _appends,
    "SETITEM": _set_item,
    "SETITEMS": _set_many,
    "REDUCE": _reduce,
    "NEWOBJ": _reduce,
    "NEWOBJ_EX": _new_with_names,
    "STACK_GLOBAL": _stack_global,
}
