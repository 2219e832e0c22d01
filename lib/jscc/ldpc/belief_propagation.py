r"""Belief propagation for binary LDPC codes: sum-product and normalised min-sum.

The decoder looks for the most likely word :math:`x` of the coset :math:`H x = s`. With :math:`s = 0`
that is channel decoding; with the syndrome of a source word and a prior for each of its bits it is
the recovery of the word from its syndrome. Everywhere :math:`L = \log P(0) / P(1)`: positive means 0.

**Messages.** A sum-product message with log-likelihood ratio :math:`L` is kept as the sign of :math:`L`
and the probability that this sign is wrong,

.. math:: h = \frac{1}{1 + e^{|L|}} = \frac{1 - \tanh(|L| / 2)}{2} \in [0, 1/2],

one float32 with the sign of :math:`L`. Neither node needs a transcendental function, and neither
subtracts nearly equal numbers when the messages are strong, as the probability difference
:math:`\tanh(L/2)` would: near :math:`\pm 1` float32 resolves it in steps of 6e-8, which is all of
the information in a message above :math:`|L| \approx 16`.

*Check node.* The sign of the message to edge :math:`i` is the product of the other signs and of
:math:`(-1)^s`; it is wrong if an odd number of the others is,

.. math:: h_{a \oplus b} = a + b - 2ab = a + b\,(1 - 2a),

which is :math:`\tanh(L_{a \oplus b}/2) = \tanh(L_a/2) \tanh(L_b/2)` without the cancellation.

*Variable node.* With :math:`(p_0, p_1) = (1 - h, h)` for a positive sign and :math:`(h, 1 - h)` for a
negative one,

.. math:: P_b = \prod_{j \ne i} p_{b,j}, \qquad h_i = \frac{\min(P_0, P_1)}{P_0 + P_1},

where the product runs over the prior and the other checks. One division for each edge.

In min-sum the messages are the ratios :math:`L` themselves; a check node sends
:math:`\alpha \min_{j \ne i} |L_j|`, a variable node the sum over the others.

All "others" are products or sums from the left times those from the right: nothing is divided out
or subtracted again, so certain messages and messages of zero need no exception.

**Range.** A sum-product message or finite prior is no surer than :math:`h = 2^{-40}`
(:math:`|L| = 27.7`), which keeps the product of three messages above float32's underflow. One bound
serves both: a prior surer than the messages could not be corrected. Variables of another degree than
3 multiply in float64, those of a degree above 24 add ratios in float64. A prior of :math:`\pm\infty` (a
known bit) is kept as :math:`h = 0` and cannot be overruled.

**Layout.** The kernels work on blocks of 128 lanes, a lane being one word at one check of the block, and
all checks of a block having the same degree: 32 words at 4 checks for a batch, 1 word at 128 checks for a
single word. Words are independent: a lane whose word is done takes the next one, and the result
for a word does not depend on the words decoded with it.
"""

from __future__ import annotations

import numpy as np

from jscc.ldpc._kernels import LARGEST_PRIOR, Found, Given, Rule, decode
from jscc.ldpc._layout import Layout, binary_rows, layers
from jscc.soft import SoftResult, as_batch

__all__ = ["BeliefPropagation"]

_BATCH = 32
# Below this many words the lanes that would stay idle cost more than decoding one word at a time.
_FEWEST_FOR_BATCH = 6
# Words whose priors are converted at a time, so that the steps stay in cache.
_CHUNK = 16


class BeliefPropagation:
    """Belief propagation on the Tanner graph of a binary parity-check matrix.

    Any graph without repeated edges will do: checks and variables of any degree, none included.

    Parameters
    ----------
    parity_check : array_like, scipy.sparse array or object with ``to_sparse()``, shape (m, n)
        Matrix of zeros and ones.
    method : {"sum-product", "min-sum"}
    schedule : {"flooding", "layered"}
        Flooding: all checks, then all variables. Layered: the checks are split into layers in which no
        two share a variable, and each layer sees the messages of those before it; about half as many
        iterations are needed.
    max_iterations : int
        At least 1. The checks are tested after every iteration, not before the first.
    factor : float
        Min-sum only: what the minimum is multiplied by, in (0, 1].

    Raises
    ------
    ValueError
        If the matrix is not two-dimensional, is empty or holds anything but 0 and 1, or an option is
        none of those above.

    Examples
    --------
    >>> import numpy as np
    >>> decoder = BeliefPropagation([[1, 1, 0], [0, 1, 1]])
    >>> decoder
    BeliefPropagation(2 checks x 3 variables, sum-product, flooding, max_iterations=50)
    >>> decoder.decode(np.array([2.0, -0.5, 1.0])).bits
    array([0, 0, 0], dtype=uint8)
    >>> decoder.decode(np.array([2.0, -0.5, 1.0]), syndrome=np.array([1, 1])).bits
    array([0, 1, 0], dtype=uint8)
    """

    def __init__(
        self,
        parity_check,
        *,
        method: str = "sum-product",
        schedule: str = "flooding",
        max_iterations: int = 50,
        factor: float = 0.8,
    ):
        if method not in ("sum-product", "min-sum"):
            raise ValueError(f"method={method!r} given, 'sum-product' or 'min-sum' is expected")
        if schedule not in ("flooding", "layered"):
            raise ValueError(f"schedule={schedule!r} given, 'flooding' or 'layered' is expected")
        if not 1 <= max_iterations < 2**31 or int(max_iterations) != max_iterations:
            raise ValueError(f"max_iterations={max_iterations} given, a whole number from 1 to 2**31 - 1 is expected")
        if not 0 < factor <= 1:
            raise ValueError(f"factor={factor} given, a number in (0, 1] is expected")
        self.parity_check = binary_rows(parity_check)
        self.n_checks, self.n_variables = self.parity_check.shape
        self.n_edges = int(self.parity_check.nnz)
        self.method = method
        self.schedule = schedule
        self.max_iterations = int(max_iterations)
        self.factor = float(factor)
        self._layers = layers(self.parity_check, independent=schedule == "layered")
        self._layouts: dict[int, Layout] = {}

    def __repr__(self) -> str:
        factor = f", factor={self.factor:g}" if self.method == "min-sum" else ""
        return (
            f"BeliefPropagation({self.n_checks} checks x {self.n_variables} variables, {self.method}, "
            f"{self.schedule}, max_iterations={self.max_iterations}{factor})"
        )

    def decode(self, llr, syndrome=None) -> SoftResult:
        """Decode one word or a batch of words.

        Parameters
        ----------
        llr : array_like, shape (n,) or (words, n)
            Prior log-likelihood ratios, taken as float32; infinite for known bits.
        syndrome : array_like of 0 and 1, shape (m,) or (words, m), optional
            The coset to decode to, zero by default. One syndrome serves all words of a batch.

        Returns
        -------
        SoftResult
            `bits` are 1 where the posterior is negative; `converged` says whether they satisfy every check,
            ``H @ bits % 2 == syndrome``; `iterations` counts those up to the first after which they do.
            `extrinsic` is the posterior without the prior, 0 for a known bit. A word's result is the same, bit
            for bit, in whatever batch it is decoded.

        Raises
        ------
        ValueError
            If a shape does not fit the matrix, a ratio is NaN or a syndrome bit is not 0 or 1.
        """
        words, single = as_batch(llr, self.n_variables, "llr", np.float32)
        result = self._decode_words(words, self._check_syndrome(syndrome, len(words), single))
        return result.first() if single else result

    def _check_syndrome(self, syndrome, n_words: int, single: bool) -> np.ndarray:
        if syndrome is None:
            return np.zeros((n_words, self.n_checks), np.uint8)
        syndrome = np.asarray(syndrome)
        allowed = [(self.n_checks,)] if single else [(self.n_checks,), (n_words, self.n_checks)]
        if syndrome.shape not in allowed:
            expected = " or ".join(map(str, allowed))
            raise ValueError(f"syndrome of shape {syndrome.shape} given, {expected} is expected")
        other = syndrome[~((syndrome == 0) | (syndrome == 1))]
        if other.size:
            raise ValueError(f"syndrome with {other[0]} given, only 0 and 1 are expected")
        # A copy, so that the kernels are compiled for one kind of array only.
        return np.array(np.broadcast_to(syndrome, (n_words, self.n_checks)), dtype=np.uint8, order="C")

    def _decode_words(self, llr: np.ndarray, syndromes: np.ndarray) -> SoftResult:
        n_words = len(llr)
        width = _BATCH if n_words >= _FEWEST_FOR_BATCH else 1
        if width not in self._layouts:
            self._layouts[width] = Layout.build(self.parity_check, self._layers, width)
        layout = self._layouts[width]
        min_sum = self.method == "min-sum"
        found = Found(
            np.empty(llr.shape, np.uint8),
            np.empty(llr.shape, np.float32),
            np.empty(llr.shape, np.float32),
            np.empty(n_words, np.bool_),
            np.empty(n_words, np.int32),
        )
        given = Given(llr, llr if min_sum else _odds(llr), syndromes)
        rule = Rule(min_sum, self.schedule == "layered", np.float32(self.factor), self.max_iterations)
        decode(given, layout, rule, width, found)
        return SoftResult(*found)


def _odds(llr: np.ndarray) -> np.ndarray:
    """``exp(|llr|)`` of priors held to the surest; a known bit's is not infinite either."""
    odds = np.empty(llr.shape, np.float32)
    for i in range(0, len(llr), _CHUNK):
        part = np.abs(llr[i : i + _CHUNK], out=odds[i : i + _CHUNK])
        if part.max(initial=0) > LARGEST_PRIOR:
            np.minimum(part, LARGEST_PRIOR, out=part)
        np.exp(part, out=part)
    return odds
