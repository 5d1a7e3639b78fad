"""Convolution and pooling against NumPy, hand-computed answers and identities."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convbias.networks import convolution
from direct_sum import direct_sum

pytestmark = pytest.mark.slow

KERNEL_SIZES = (1, 3, 5, 7, 9)
DILATED = ((3, 2), (3, 3), (3, 9), (5, 2), (5, 3), (7, 4))  # kernel size and dilation
IMAGE_SIZES = (9, 14)  # odd and even
ROUTES = {
    "gathered": jax.jit(convolution.convolve_gathered, static_argnums=2),
    "fourier": jax.jit(convolution.convolve_fourier, static_argnums=2),
    "chosen": jax.jit(convolution.convolve, static_argnums=2),
}


def random_case(size, image_size, channels_in=3, channels_out=4, width=None):
    generator = np.random.default_rng([size, image_size])
    images = generator.normal(size=(image_size, width or image_size, channels_in, 2))
    kernel = generator.normal(size=(size, size, channels_in, channels_out))
    return images, kernel


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("image_size", IMAGE_SIZES)
@pytest.mark.parametrize(
    ("size", "dilation"), [*((size, 1) for size in KERNEL_SIZES), *DILATED], ids=str
)
def test_equals_the_definition(route, size, dilation, image_size):
    images, kernel = random_case(size, image_size)
    outputs = ROUTES[route](jnp.asarray(images), jnp.asarray(kernel), dilation)
    expected = direct_sum(images, kernel, dilation)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(("size", "dilation"), [(13, 1), (7, 2), (3, 9)], ids=str)
def test_takes_oblong_images_and_a_kernel_as_large_as_the_image_allows(route, size, dilation):
    images, kernel = random_case(size, 7, width=10)
    outputs = ROUTES[route](jnp.asarray(images), jnp.asarray(kernel), dilation)
    expected = direct_sum(images, kernel, dilation)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=5e-5)


@pytest.mark.parametrize("route", ["gathered", "fourier"])
@pytest.mark.parametrize(("size", "dilation"), [(3, 2), (3, 3), (5, 2)], ids=str)
def test_a_dilated_kernel_is_a_larger_one_with_zeros_between_the_taps(route, size, dilation):
    images, kernel = (jnp.asarray(part) for part in random_case(size, 14))
    span = dilation * (size - 1) + 1
    spread = jnp.zeros((span, span, *kernel.shape[2:])).at[::dilation, ::dilation].set(kernel)
    other = ROUTES["fourier" if route == "gathered" else "gathered"]
    np.testing.assert_allclose(
        ROUTES[route](images, kernel, dilation), other(images, spread), rtol=1e-4, atol=2e-5
    )


@pytest.mark.parametrize("route", ["gathered", "fourier"])
def test_a_three_by_three_answer_computed_by_hand(route):
    image = jnp.asarray([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]).reshape(3, 3, 1, 1)
    # A vertical edge: right neighbour minus left neighbour, outside counting as zero.
    kernel = jnp.asarray([[0.0, 0, 0], [-1, 0, 1], [0, 0, 0]]).reshape(3, 3, 1, 1)
    outputs = ROUTES[route](image, kernel)[:, :, 0, 0]
    np.testing.assert_allclose(outputs, [[2, 2, -2], [5, 2, -5], [8, 2, -8]], atol=1e-5)


@pytest.mark.parametrize("image_size", IMAGE_SIZES)
@pytest.mark.parametrize(
    ("size", "dilation"), [*((size, 1) for size in KERNEL_SIZES), (3, 2), (3, 9), (5, 3)], ids=str
)
def test_gradients_equal_finite_differences(size, dilation, image_size):
    images, kernel = random_case(size, image_size, channels_in=2, channels_out=2)
    generator = np.random.default_rng(size)
    towards = generator.normal(size=(image_size, image_size, 2, 2))
    image_step = generator.normal(size=images.shape)
    kernel_step = generator.normal(size=kernel.shape)

    def value(images, kernel):
        return (direct_sum(images, kernel, dilation) * towards).sum()

    for route in ("gathered", "fourier"):
        gradient = jax.grad(
            lambda i, k, route=route: (ROUTES[route](i, k, dilation) * towards).sum(),
            argnums=(0, 1),
        )
        gradients = jax.jit(gradient)(jnp.asarray(images), jnp.asarray(kernel))
        # The convolution is bilinear, so central differences in NumPy's double precision are exact.
        for slope, step, difference in (
            (gradients[0], image_step, value(images + image_step, kernel) - value(images, kernel)),
            (
                gradients[1],
                kernel_step,
                value(images, kernel + kernel_step) - value(images, kernel),
            ),
        ):
            scale = np.abs(np.asarray(slope) * step).sum()
            np.testing.assert_allclose(
                (np.asarray(slope) * step).sum(), difference, atol=1e-5 * scale
            )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 4), st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 10**6))
def test_commutes_with_shifts_away_from_the_frame(half, rows, columns, seed):
    """f(Tx) = T f(x) for content that stays inside: what "equivariant" means."""
    size = 2 * half + 1
    generator = np.random.default_rng(seed)
    content = np.zeros((20, 20, 1, 1), dtype=np.float32)
    content[8:12, 8:12] = generator.normal(size=(4, 4, 1, 1))
    kernel = jnp.asarray(generator.normal(size=(size, size, 1, 2)), dtype=jnp.float32)
    shifted_after = np.roll(ROUTES["fourier"](content, kernel), (rows, columns), (0, 1))
    shifted_before = ROUTES["fourier"](
        jnp.asarray(np.roll(content, (rows, columns), (0, 1))), kernel
    )
    np.testing.assert_allclose(shifted_before, shifted_after, atol=1e-4)


@pytest.mark.parametrize(
    ("size", "channels_in", "route"),
    [
        (1, 64, "gathered"),
        (7, 1, "gathered"),
        (11, 1, "gathered"),
        (13, 1, "fourier"),
        (3, 3, "gathered"),
        (3, 4, "fourier"),
        (7, 32, "fourier"),
    ],
)
def test_the_choice_of_route_follows_the_field_under_the_kernel(size, channels_in, route):
    images, kernel = random_case(size, 14, channels_in=channels_in)
    chosen = str(jax.make_jaxpr(convolution.convolve)(images, kernel))
    assert ("gather[" in chosen) == (route == "gathered")


def test_layout_turns_are_each_others_inverse():
    images = np.random.default_rng(0).normal(size=(5, 4, 3, 2))
    turned = convolution.images_last(jnp.asarray(images))
    assert turned.shape == (4, 3, 2, 5)
    np.testing.assert_array_equal(convolution.images_first(turned), images.astype(np.float32))
