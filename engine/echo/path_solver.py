"""The exact echo path: weighted least squares over the last twelve seconds.

An adaptive filter loses precision as soon as double talk begins. Here every block of the last
seconds counts, and the less other sound it holds, the more it counts, so that blocks in which only
the agent spoke decide. Conjugate gradients solve the problem in steps of a few milliseconds. Taps
that were weak in the last solution are held small by a Gaussian prior. The residual of the solution
also shows the clock drift, to one part in a million.

Numpy only; runs in its caller's thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.echo.far_end import BLOCK_SAMPLES, DelayLine, FarEnd
from engine.echo.spectrum import spectrum, waveform
from engine.timebase import SAMPLE_RATE_HZ

# A power of two, small enough for a processor's cache.
_TRANSFORM = 1 << 15
HISTORY_BLOCKS = 1200
_MIN_BLOCKS = 60
_ITERATIONS, _SETTLED_SOLUTIONS = 6, 11
_AGE_SECONDS = 8.0
# Speech is strongest at low frequencies, which matter little for intelligibility.
_PRE_EMPHASIS = 0.9
_SMOOTHED_BLOCKS = 5
_MIN_SHARE = 1e-3
# A tap may be as strong as those within 25 ms of it were, and a little stronger.
_AROUND_TAPS = SAMPLE_RATE_HZ // 40
_SURPRISE = 0.3
_FIRST_PATH_POWER = 0.5
# Prior deviation of the drift, largest deviation of a measurement that counts, largest correction.
_DRIFT_BELIEF, _DRIFT_DOUBT, _MAX_CORRECTION = 20e-6, 30e-6, 30e-6
_DRIFT_KNOWN = 3e-6
# It counts only if the microphone's power is this much more than the residual's.
_MIN_FIT = 1.5
# The residual is not white, so deviations are larger than least squares states.
_DEVIATION_FACTOR = 2.0
_TINY = 1e-10


@dataclass(frozen=True, eq=False)
class _Problem:
    """Least squares: find the path (taps,) that turns the far end into ``near``.

    All sound is cut into segments of ``_TRANSFORM - taps`` samples, with zeros before its
    beginning. A transform covers a segment and the ``taps`` samples before it (overlap-save).
    """

    far: np.ndarray
    """complex64 (segments, _TRANSFORM / 2 + 1)."""
    near: np.ndarray
    """float32 (segments, samples of a segment)."""
    weights: np.ndarray
    """As ``near``: one over the power of everything that is not the echo."""
    prior: np.ndarray
    """float32 (taps,): deviation of each tap."""
    padded: np.ndarray
    """float32 (segments, _TRANSFORM): working memory; its first taps are zeros."""
    preconditioner: np.ndarray
    """float32: brings the equations close to the identity; a spectrum of 2 * taps points."""

    def echo(self, path: np.ndarray) -> np.ndarray:
        """The echo through ``path`` (taps,), float32 in segments."""
        return _echo(self.far, path)

    def gradient(self, error: np.ndarray) -> np.ndarray:
        """float32 (taps,): the correlation of the far end with the weighted error in segments."""
        taps = len(self.prior)
        np.multiply(self.weights, error, out=self.padded[:, taps:])
        products = spectrum(self.padded)
        products *= np.conj(self.far)
        return waveform(products.sum(axis=0), _TRANSFORM)[:taps]

    def preconditioned(self, path: np.ndarray) -> np.ndarray:
        """The preconditioner applied to ``path``, float32 (taps,)."""
        twice = 2 * len(path)
        return waveform(spectrum(path, twice) * self.preconditioner, twice)[: len(path)]


class PathSolver:
    """The solver of one echo path."""

    def __init__(self, taps: int) -> None:
        self._taps = taps
        self._near = DelayLine(HISTORY_BLOCKS * BLOCK_SAMPLES)
        self.path = np.zeros(taps, np.float32)
        """float32 (taps,): the newest solution."""
        self._blocks = self._solutions = 0
        self._work: Iterator[None] | None = None
        self.knows_drift = False
        """Whether the drift is known so well that no other measurement is needed."""

    def restart(self, path: np.ndarray, blocks: int = 0) -> None:
        """Start again from ``path`` and the last ``blocks`` of sound, after the path changed."""
        self.path = path.astype(np.float32)
        self._blocks = min(self._blocks, blocks)
        self._solutions = 0
        self._work = None

    def shift(self, samples: int) -> None:
        """Move the path: the far end comes ``samples`` earlier from now on, later if negative."""
        self.path = shifted(self.path, samples)
        self._work = None

    def push(self, near: np.ndarray) -> None:
        """Take whole blocks (n,) of microphone sound, after `FarEnd` has taken its blocks."""
        self._near.push(near)
        self._blocks = min(self._blocks + len(near) // BLOCK_SAMPLES, HISTORY_BLOCKS)

    @property
    def settled(self) -> bool:
        """Whether there were enough solutions, so that the next ones may take longer."""
        return self._solutions >= _SETTLED_SOLUTIONS

    def advance(self, far: FarEnd) -> bool:
        """Do the next part of the work; True when there is a new path. May correct the drift."""
        if self._blocks < _MIN_BLOCKS:
            return False
        if self._work is None:
            self._work = self._solve(far)
        try:
            next(self._work)
        except StopIteration:
            self._work = None
            return True
        return False

    def _solve(self, far: FarEnd) -> Iterator[None]:
        samples = self._blocks * BLOCK_SAMPLES
        # Read both at once: sound comes in between the parts of the work.
        near = self._near.newest(samples)
        sound = far.aligned(samples + self._taps)
        near, sound = _pre_emphasised(near), _pre_emphasised(sound)
        near_segments = _segments(near, self._taps)
        far_spectra = spectrum(_overlapping(sound, len(near_segments), self._taps))
        yield
        residual = near_segments - _echo(far_spectra, self.path)
        problem = self._problem(far_spectra, sound, near, residual.reshape(-1)[-samples:])
        yield
        path = self.path / problem.prior
        rest = problem.prior * problem.gradient(residual) - path
        direction = problem.preconditioned(rest)
        size_of_rest = _dot(rest, direction)
        yield
        for _ in range(_ITERATIONS):
            echo = problem.echo(problem.prior * direction)
            curved = problem.prior * problem.gradient(echo) + direction
            step = size_of_rest / (_dot(direction, curved) + _TINY)
            path += np.float32(step) * direction
            rest -= np.float32(step) * curved
            preconditioned = problem.preconditioned(rest)
            before, size_of_rest = size_of_rest, _dot(rest, preconditioned)
            direction = preconditioned + np.float32(size_of_rest / (before + _TINY)) * direction
            yield
        self.path = problem.prior * path
        self._solutions += 1
        self._correct_drift(problem, far)

    def _problem(
        self, far: np.ndarray, sound: np.ndarray, near: np.ndarray, residual: np.ndarray
    ) -> _Problem:
        """Make the problem: weights from the last path's residual, the prior from its strength."""
        taps = self._taps
        residual_power = _block_power(residual)
        smoothing = np.full(_SMOOTHED_BLOCKS, 1 / _SMOOTHED_BLOCKS)
        residual_power = np.convolve(residual_power, smoothing, "same")
        age_seconds = np.arange(len(residual_power))[::-1] / 100
        least = _MIN_SHARE * residual_power.mean() + _TINY
        weights = np.exp(-age_seconds / _AGE_SECONDS) / (residual_power + least)
        played = _block_power(sound[taps:])
        strength = np.square(self.path)
        around = np.cumsum(np.pad(strength, (_AROUND_TAPS + 1, _AROUND_TAPS)))
        near_power, far_power = (float(np.square(each).mean()) for each in (near, sound))
        whole_path = max(
            float(strength.sum()), _FIRST_PATH_POWER * near_power / (far_power + _TINY)
        )
        nearby = (around[2 * _AROUND_TAPS + 1 :] - around[: -2 * _AROUND_TAPS - 1]) / (
            2 * _AROUND_TAPS + 1
        )
        prior = np.sqrt(np.maximum(nearby, 0) + _SURPRISE * whole_path / taps + _TINY)
        weight = float((weights * played).mean() / (played.mean() + _TINY))
        correlation = waveform((far.real**2 + far.imag**2).sum(axis=0), _TRANSFORM)[:taps]
        # The transforms overlap, so they hold more than the sound.
        correlation *= np.float32(len(sound) * far_power / (correlation[0] + _TINY))
        correlation *= 0.5 + 0.5 * np.cos(np.pi * np.arange(taps) / taps)
        mirrored = np.concatenate([correlation, [0], correlation[:0:-1]]).astype(np.float32)
        power = np.maximum(spectrum(mirrored).real, 0)
        return _Problem(
            far=far,
            near=_segments(near, taps),
            weights=_segments(np.repeat(weights, BLOCK_SAMPLES).astype(np.float32), taps),
            prior=prior.astype(np.float32),
            padded=np.zeros((len(far), _TRANSFORM), np.float32),
            preconditioner=(1 / (power * weight * np.square(prior).mean() + 1)).astype(np.float32),
        )

    def _correct_drift(self, problem: _Problem, far: FarEnd) -> None:
        """Regress the residual on the echo's slope, and on the slope times its age.

        A delay that is wrong by d leaves d times the slope; a wrong drift leaves more of it in
        older sound.
        """
        echo = problem.echo(self.path).reshape(-1)
        near, weights = problem.near.reshape(-1), problem.weights.reshape(-1)
        residual = near - echo
        slope = np.gradient(echo)
        older = slope * (np.arange(len(echo), dtype=np.float32) - len(echo))
        weighted = weights * slope
        a, b = _dot(weighted, slope), _dot(weighted, older)
        c = _dot(weights * older, older)
        determinant = a * c - b * b
        weighted_residual = _dot(weights * residual, residual)
        works = _dot(weights * near, near) > _MIN_FIT * weighted_residual
        self.knows_drift = False
        if determinant <= 0 or not works:
            return
        drift = (a * _dot(weights * older, residual) - b * _dot(weighted, residual)) / determinant
        deviation = _DEVIATION_FACTOR * float(np.sqrt(a / determinant))
        self.knows_drift = deviation < _DRIFT_KNOWN
        if deviation < _DRIFT_DOUBT:
            trust = _DRIFT_BELIEF**2 / (_DRIFT_BELIEF**2 + deviation**2)
            far.correct(float(np.clip(-trust * drift, -_MAX_CORRECTION, _MAX_CORRECTION)))


def shifted(path: np.ndarray, samples: int) -> np.ndarray:
    """A path (taps,) moved later by ``samples``, or earlier if negative."""
    moved = np.zeros_like(path)
    if samples > 0:
        moved[samples:] = path[:-samples]
    else:
        moved[:samples] = path[-samples:]
    return moved


def _echo(far: np.ndarray, path: np.ndarray) -> np.ndarray:
    """The echo, float32 in segments, of a far end's spectra through a path."""
    return waveform(far * spectrum(path, _TRANSFORM), _TRANSFORM)[:, len(path) :]


def _segments(sound: np.ndarray, taps: int) -> np.ndarray:
    """Sound (n,) in segments, with zeros before its beginning."""
    samples = _TRANSFORM - taps
    return np.pad(sound, (-len(sound) % samples, 0)).reshape(-1, samples)


def _overlapping(sound: np.ndarray, segments: int, taps: int) -> np.ndarray:
    """float32 (segments, _TRANSFORM): the segments of sound (n,), each with what was before it."""
    step = _TRANSFORM - taps
    padded = np.pad(sound, (segments * step + taps - len(sound), 0))
    return np.lib.stride_tricks.sliding_window_view(padded, _TRANSFORM)[::step]


def _pre_emphasised(sound: np.ndarray) -> np.ndarray:
    emphasised = sound.copy()
    emphasised[1:] -= np.float32(_PRE_EMPHASIS) * sound[:-1]
    return emphasised


def _block_power(sound: np.ndarray) -> np.ndarray:
    power: np.ndarray = np.square(sound.reshape(-1, BLOCK_SAMPLES)).mean(axis=1)
    return power


def _dot(one: np.ndarray, other: np.ndarray) -> float:
    """The dot product of two float32 (n,), in float64 for precision."""
    return float(np.dot(one.astype(np.float64), other.astype(np.float64)))
