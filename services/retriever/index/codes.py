"""Short codes of long rows, by which a scan of everything finds candidates.

Product quantisation with 4 bits a code, looked up in registers (André et al., Quicker ADC, 2019;
FAISS's "fast scan"), of the catalogue's principal components: its rows turned so that few
directions hold most of their variance about the mean. No lists and no graph: the whole catalogue is
scanned, so no query is a bad one.

They are made while the rows are still being read: learned from the first that come, so those must
be drawn from all over the catalogue, and made of each part as it comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import faiss
import numpy as np
from numpy.typing import NDArray

from services.retriever.index.arrays import AnyRows, Rows, Vector
from services.retriever.index.further import FurtherImages
from services.retriever.index.halves import Helper

_COMPONENTS_PER_CODE = 4
# Half of the components are left out, or fewer, with at most this share of the variance. Codes of
# what is left then round away no more than codes of all floats did.
_DROPPED = 0.07
_TRAINED_ON = 20_000
_TRAINING_ROUNDS = 10
# At once: taking turns with the thread that reads costs more than the work on a few rows.
_ENCODED_AT_ONCE = 4_096

SPLIT_FROM = 500_000
"""Codes; a scan of fewer takes too short a time to share it."""


class Codes:
    """Half a byte for every four components of n rows, and of their further images.

    Each further image has the codes of a row ``[text ; image]`` of its own.
    """

    def __init__(
        self,
        scans: Sequence[faiss.IndexPQFastScan],
        components: Rows,
        owners: NDArray[np.intp],
        helper: Helper | None = None,
    ) -> None:
        """scans: one, or the halves of a large catalogue, which the helper scans side by side.
        components: (2·d, c), as the codes have them.  owners: (m,) rows of the further images,
        whose codes come last.
        """
        self.helper = helper
        self._scans = scans
        self._components = components
        self._owners = owners

    def __len__(self) -> int:
        return sum(int(scan.ntotal) for scan in self._scans)

    def best(self, query: Vector, depth: int) -> NDArray[np.intp]:
        """The rows of the `depth` codes that look best, best first, each once. On this thread."""
        numbers = self._found(query[None] @ self._components, depth)
        if not len(self._owners):
            return numbers
        count = len(self) - len(self._owners)
        further = numbers >= count
        numbers[further] = self._owners[numbers[further] - count]
        _, first = np.unique(numbers, return_index=True)
        return numbers[np.sort(first)]

    def _found(self, turned: Rows, depth: int) -> NDArray[np.intp]:
        """Numbers of the `depth` codes that look best, best first."""
        if self.helper is None:
            return _scanned(self._scans[0], turned, depth)[1]
        first, second = self._scans
        (scores, numbers), (others, further) = self.helper.both(
            lambda: _scanned(first, turned, depth), lambda: _scanned(second, turned, depth)
        )
        best = np.argsort(-np.concatenate([scores, others]), kind="stable")[:depth]
        every: NDArray[np.intp] = np.concatenate([numbers, further + int(first.ntotal)])[best]
        return every


class CodesBuild:
    """Codes of rows that another thread fills in, part by part, made in a thread of its own."""

    def __init__(self, rows: AnyRows, split_from: int = SPLIT_FROM) -> None:
        """rows: (n, 2·d), with 2·d a multiple of 4; not yet filled in.  split_from: codes."""
        self._rows = rows
        self._split_from = split_from
        self._coder: _Coder | None = None
        self._codes = np.zeros((0, 0), np.uint8)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="codes")
        self._waiting: list[slice] = []
        self._count = 0
        self._made: list[Future[None]] = []
        self._held: list[FurtherImages] = []
        self._further: list[FurtherImages] = []
        self._further_codes: list[Future[NDArray[np.uint8]]] = []

    def filled(self, part: slice) -> None:
        """These rows are final; the first parts are what the codes are learned from."""
        self._waiting.append(part)
        self._count += len(self._rows[part])
        if self._count >= (_ENCODED_AT_ONCE if self._made else _TRAINED_ON):
            self._submit()

    def add(self, further: FurtherImages) -> None:
        """Images of rows that are filled in, by the numbers that those have among all rows."""
        self._held.append(further)

    def finish(self) -> tuple[Codes, FurtherImages]:
        """Once all rows are filled in: waits for the last of them. Returns their further images."""
        if self._waiting or self._held:
            self._submit()
        for made in self._made:
            made.result()
        more = [one.result() for one in self._further_codes]
        # A future keeps what it was given.
        self._further_codes.clear()
        further, order = FurtherImages.joined(self._further, self._rows.shape[1])
        if len(further):
            # In place of those without: the index packs a copy, and two are enough.
            self._codes = np.concatenate([self._codes, np.concatenate(more)[order]])
        assert self._coder is not None  # noqa: S101 - a compressed index has rows
        return self._coder.over(self._codes, further.rows, self._split_from), further

    def close(self) -> None:
        """End the thread, finished or not."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _submit(self) -> None:
        if self._waiting:
            self._made.append(self._pool.submit(self._encode, self._waiting))
        # After the rows: the first of those are what the codes are learned from.
        self._further += self._held
        self._further_codes += [self._pool.submit(self._encode_further, one) for one in self._held]
        self._waiting, self._count, self._held = [], 0, []

    def _encode(self, parts: Sequence[slice]) -> None:
        # One thread: others answer meanwhile, and where they take the cores, threads that wait for
        # each other after every step were seen to take eight times as long as one.
        faiss.omp_set_num_threads(1)
        rows: Rows = np.concatenate([self._rows[part] for part in parts], dtype=np.float32)
        if self._coder is None:
            self._coder = _Coder(rows)
            self._codes = np.zeros((len(self._rows), self._coder.bytes_a_row), np.uint8)
        codes, start = self._coder.encode(rows), 0
        for part in parts:
            end = start + len(self._rows[part])
            self._codes[part] = codes[start:end]
            start = end

    def _encode_further(self, further: FurtherImages) -> NDArray[np.uint8]:
        faiss.omp_set_num_threads(1)
        rows: Rows = self._rows[further.rows].astype(np.float32)
        rows[:, rows.shape[1] // 2 :] += further.differences
        assert self._coder is not None  # noqa: S101 - the rows of these images came before
        return self._coder.encode(rows)


class _Coder:
    """Learned from a sample: principal components, and the meaning of each code.

    The mean of the rows, large since pictures and words lie in cones, stays in what is coded. It
    costs no precision: each code stands for a point among the rows, and FAISS takes the least score
    of a query from all scores of a code before it rounds them.
    """

    def __init__(self, sample: Rows) -> None:
        """sample: (m, 2·d), drawn from all over the catalogue."""
        self._components = _principal(sample)
        kept = self._components.shape[1]
        self._index = faiss.IndexPQ(
            kept, kept // _COMPONENTS_PER_CODE, 4, faiss.METRIC_INNER_PRODUCT
        )
        self._index.pq.cp.niter = _TRAINING_ROUNDS
        self._index.train(sample @ self._components)
        # In the order in which a row is compared with all values of a code at once: codes are made
        # in 70 % of the time.
        self._index.pq.sync_transposed_centroids()

    @property
    def bytes_a_row(self) -> int:
        return int(self._index.pq.code_size)

    def encode(self, rows: Rows) -> NDArray[np.uint8]:
        """(m, 2·d) to (m, bytes)."""
        codes: NDArray[np.uint8] = self._index.pq.compute_codes(rows @ self._components)
        return codes

    def over(self, codes: NDArray[np.uint8], owners: NDArray[np.intp], split_from: int) -> Codes:
        """codes: (n + m, bytes) of all rows, and of the images of these rows (m,)."""
        if len(codes) < split_from:
            return Codes([self._packed(codes)], self._components, owners)
        middle = len(codes) // 2
        halves = [self._packed(codes[:middle]), self._packed(codes[middle:])]
        return Codes(halves, self._components, owners, Helper())

    def _packed(self, codes: NDArray[np.uint8]) -> faiss.IndexPQFastScan:
        self._index.codes = lent(codes)
        self._index.ntotal = len(codes)
        # The new index packs a copy, so the codes need not outlive it.
        return faiss.IndexPQFastScan(self._index)


def _principal(rows: Rows) -> Rows:
    """(2·d, c): the components that hold most of the variance of rows (m, 2·d).

    They are dealt out to the codes by turns, there and back, so that each has some that vary much
    and some that do not: two of the former in one, which has 16 values for all its four, would
    blur both.
    """
    centred = rows - rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    variances, directions = np.linalg.eigh(centred.T @ centred)
    width = len(variances)
    dropped = np.searchsorted(variances.cumsum(), _DROPPED * variances.sum())
    codes = (width - min(int(dropped), width // 2)) // _COMPONENTS_PER_CODE
    ranks = np.arange(codes * _COMPONENTS_PER_CODE).reshape(-1, codes)
    ranks[1::2] = ranks[1::2, ::-1]
    # Variances ascend.
    return directions[:, width - 1 - ranks.T.reshape(-1)]


def _scanned(
    scan: faiss.IndexPQFastScan, turned: Rows, depth: int
) -> tuple[Vector, NDArray[np.intp]]:
    """Scores by their codes and numbers of the best codes, best first."""
    faiss.omp_set_num_threads(1)
    scores, found = scan.search(turned, min(depth, int(scan.ntotal)))
    there = found[0] >= 0
    return scores[0][there], found[0][there]


def lent(array: NDArray[np.generic]) -> faiss.MaybeOwnedVectorUInt8:
    """NumPy's contiguous memory as FAISS takes its codes, not copied: it must outlive its use."""
    # FAISS frees what a vector owns; this one owns nothing.
    unowned = faiss.MaybeOwnedVectorUInt8()
    return faiss.MaybeOwnedVectorUInt8.create_view(
        faiss.swig_ptr(array.reshape(-1).view(np.uint8)), array.nbytes, unowned.owner
    )
