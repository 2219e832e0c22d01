"""The fields GF(2**p): axioms on every pair or triple, and the tables of another library."""

import pickle

import numpy as np
import pytest

from jscc.gfq.fields import Field, field

FIELDS = [field(p) for p in range(1, 9)]
every_field = pytest.mark.parametrize("gf", FIELDS, ids=lambda gf: f"GF({gf.q})")


def slow_product(a: int, b: int, gf: Field) -> int:
    """Multiply polynomials over GF(2), then reduce."""
    product = 0
    for i in range(gf.p):
        product ^= (b << i) * (a >> i & 1)
    for i in range(2 * gf.p, gf.p - 1, -1):
        if product >> i & 1:
            product ^= gf.polynomial << (i - gf.p)
    return product


@every_field
def test_products_are_those_of_polynomials(gf):
    a = np.arange(gf.q)
    pairs = [[slow_product(x, y, gf) for y in range(gf.q)] for x in range(gf.q)]
    np.testing.assert_array_equal(gf.multiply(a[:, None], a), pairs)


@every_field
def test_the_axioms_hold(gf):
    a = np.arange(gf.q)
    product = gf.product
    assert np.array_equal(product, product.T)
    assert np.array_equal(product[1], a) and not product[0].any()
    for c in range(gf.q):
        times = product[c]
        assert np.array_equal(times[product], product[times])  # c (a b) = (c a) b
        assert np.array_equal(times[a[:, None] ^ a], times[:, None] ^ times)  # c (a + b) = c a + c b
    assert gf.inverse[0] == 0 and (product[a[1:], gf.inverse[1:]] == 1).all()
    quotients = gf.divide(a[:, None], a[1:])
    assert np.array_equal(gf.multiply(quotients, a[1:]), np.broadcast_to(a[:, None], quotients.shape))


@every_field
def test_powers_of_x_are_all_non_zero_elements(gf):
    assert sorted(gf.exp) == list(range(1, gf.q))
    np.testing.assert_array_equal(gf.exp[gf.log[1:]], np.arange(1, gf.q))
    assert gf.exp[0] == 1 and gf.log[0] == -1
    x = 2 if gf.p > 1 else 1
    np.testing.assert_array_equal(gf.multiply(gf.exp, x), np.roll(gf.exp, -1))


@every_field
def test_the_tables_are_galois_s(gf):
    other = pytest.importorskip("galois").GF(gf.q, compile="python-calculate")
    a = other(np.arange(gf.q))
    assert gf.polynomial == int(other.irreducible_poly)
    assert np.array_equal(gf.exp, other.primitive_element ** np.arange(gf.q - 1))
    assert np.array_equal(gf.inverse[1:], other(1) / a[1:])
    assert np.array_equal(a[:, None] + a, np.arange(gf.q)[:, None] ^ np.arange(gf.q))
    some = a[:: max(1, gf.q // 16)]  # calculated one by one, in Python
    assert np.array_equal(gf.product[np.asarray(some)], np.multiply.outer(some, a))


def test_a_field_is_one_object_that_nobody_can_change():
    for gf in FIELDS:
        assert field(gf.p) is gf
        assert pickle.loads(pickle.dumps(gf)) is gf
        for table in (gf.product, gf.inverse, gf.exp, gf.log):
            with pytest.raises(ValueError, match="read-only"):
                table[0] = 0


def test_what_is_no_symbol_is_refused():
    gf = field(3)
    for wrong in (8, -1, [0, 255]):
        with pytest.raises(ValueError, match="0 to 7"):
            gf.multiply(wrong, 1)
    with pytest.raises(ValueError, match="integers"):
        gf.divide(1.0, 1)
    with pytest.raises(ZeroDivisionError, match=r"GF\(8\)"):
        gf.divide([1, 2], [3, 0])
    assert gf.multiply(np.zeros(0, int), 1).shape == (0,)
    for wrong in (0, [0, 1], [[0], [1]]):
        with pytest.raises(ValueError, match=r"labels of shape .* given, \(\.\.\., 3\) is expected"):
            gf.symbols(wrong, 3, "labels")
    assert gf.symbols(np.zeros((0, 3), int), 3).shape == (0, 3)
    for p in (0, 9, -1):
        with pytest.raises(ValueError, match="1 to 8"):
            field(p)
