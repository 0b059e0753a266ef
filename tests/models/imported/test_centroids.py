"""Centroids are read from files that the real joblib, pickle and numpy wrote; nothing is run."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.cluster import KMeans, MiniBatchKMeans

from engine.errors import DuologueError
from models.imported.centroids import read_centroids

_RNG = np.random.default_rng(0)
_POINTS = _RNG.normal(size=(60, 8)).astype(np.float32)


@pytest.fixture(scope="module", params=[KMeans, MiniBatchKMeans])
def means(request: pytest.FixtureRequest) -> KMeans:
    """What sklearn learns, with a random state of its own in it."""
    found: KMeans = request.param(5, n_init=1, random_state=np.random.RandomState(0)).fit(_POINTS)
    return found


@pytest.mark.parametrize(
    ("name", "compress"),
    [
        ("km.bin", 0),
        *((f"km.{kind}", (kind, 3)) for kind in ("zlib", "gzip", "bz2", "lzma", "xz")),
    ],
)
def test_what_joblib_wrote_is_read(means: KMeans, tmp_path: Path, name: str, compress: Any) -> None:
    joblib.dump(means, tmp_path / name, compress=compress)
    found = read_centroids(tmp_path / name)
    np.testing.assert_array_equal(found, means.cluster_centers_)
    assert found.dtype == np.float32


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_is_read(means: KMeans, tmp_path: Path, protocol: int) -> None:
    with (tmp_path / "joblib.bin").open("wb") as stream:
        joblib.dump(means, stream, protocol=protocol)
    (tmp_path / "pickle.bin").write_bytes(pickle.dumps(means, protocol))
    for name in ("joblib.bin", "pickle.bin"):
        np.testing.assert_array_equal(read_centroids(tmp_path / name), means.cluster_centers_)


def test_arrays_in_other_orders_and_byte_orders_are_read(tmp_path: Path) -> None:
    values = _RNG.normal(size=(6, 3))
    for array in (values, np.asfortranarray(values), values.astype(">f8"), values.astype(">f4")):
        joblib.dump(array, tmp_path / "array.bin")
        joblib.dump({"cluster_centers_": array}, tmp_path / "named.bin")
        for name in ("array.bin", "named.bin"):
            np.testing.assert_allclose(read_centroids(tmp_path / name), values, rtol=1e-6)


def test_numpys_files_are_read(tmp_path: Path) -> None:
    np.save(tmp_path / "km.npy", _POINTS)
    np.savez(tmp_path / "one.npz", _POINTS)
    np.savez(tmp_path / "named.npz", centroids=_POINTS, other=np.zeros(3))
    for name in ("km.npy", "one.npz", "named.npz"):
        np.testing.assert_array_equal(read_centroids(tmp_path / name), _POINTS)
    np.savez(tmp_path / "two.npz", a=_POINTS, b=_POINTS)
    with pytest.raises(DuologueError, match="it has 2 arrays, none of them cluster_centers_"):
        read_centroids(tmp_path / "two.npz")


class _Runs:
    """Something that would make a file as soon as it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("with_joblib", [False, True])
@pytest.mark.parametrize("beside", [False, True])
def test_what_a_pickle_would_run_is_not_run(
    tmp_path: Path, with_joblib: bool, beside: bool
) -> None:
    made, path = tmp_path / "made", tmp_path / "km.bin"
    harm: Any = _Runs(made)
    held = {"cluster_centers_": _POINTS, "harm": harm} if beside else harm
    if with_joblib:
        joblib.dump(held, path)
    else:
        path.write_bytes(pickle.dumps(held))
    if beside:
        np.testing.assert_array_equal(read_centroids(path), _POINTS)
    else:
        with pytest.raises(DuologueError, match=r"holds a (posix|nt)\.mkdir and no cluster_cent"):
            read_centroids(path)
    assert not made.exists()
    joblib.load(path)  # which the usual way runs
    assert made.exists()


def test_arrays_of_objects_run_nothing_either(tmp_path: Path) -> None:
    made, path = tmp_path / "made", tmp_path / "km.bin"
    joblib.dump(np.array([[_Runs(made)]], object), path)
    with pytest.raises(DuologueError, match="array of object"):
        read_centroids(path)
    np.save(tmp_path / "km.npy", np.array([[_Runs(made)]], object), allow_pickle=True)
    with pytest.raises(DuologueError, match="cannot be read without running"):
        read_centroids(tmp_path / "km.npy")
    assert not made.exists()


def test_damaged_and_foreign_files_are_refused(means: KMeans, tmp_path: Path) -> None:
    joblib.dump(means, tmp_path / "whole.bin")
    whole, path = (tmp_path / "whole.bin").read_bytes(), tmp_path / "km.bin"
    for size in range(0, len(whole) - 1, 31):
        path.write_bytes(whole[:size])
        with pytest.raises(DuologueError, match="km.bin"):
            read_centroids(path)
    for content in (b"\x78\x9cxx", b"BZh9", b"\x1f\x8b", b"ZF0x10", b"\x04\x22\x4d\x18", b"PK\3"):
        path.write_bytes(content)
        with pytest.raises(DuologueError, match="save the array cluster_centers_ with numpy.save"):
            read_centroids(path)
    np.save(path.with_suffix(".npy"), np.full((3, 2), np.nan))
    with pytest.raises(DuologueError, match="holds no centroids"):
        read_centroids(path.with_suffix(".npy"))
    np.save(path.with_suffix(".npy"), np.zeros((1 << 15) + 1)[:, None])  # more than int16 counts
    with pytest.raises(DuologueError, match="holds no centroids"):
        read_centroids(path.with_suffix(".npy"))
    with pytest.raises(DuologueError, match="cannot be read"):
        read_centroids(tmp_path / "none.npy")


def test_bytes_changed_at_random_never_do_more_than_refuse(means: KMeans, tmp_path: Path) -> None:
    joblib.dump(means, tmp_path / "km.bin")
    whole = (tmp_path / "km.bin").read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(100):
        changed = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            changed[place] = rng.integers(256)
        (tmp_path / "changed.bin").write_bytes(changed)
        try:
            found = read_centroids(tmp_path / "changed.bin")
        except DuologueError:
            continue
        assert found.ndim == 2
