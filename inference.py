"""Inference code of an archive: read images, run the exported network, write predictions.

AWS's inference toolkit (in the scikit-learn, XGBoost and older PyTorch containers) and the
project's own server call `model_fn`, `input_fn`, `predict_fn` and `output_fn`. AWS's TensorFlow
Serving container runs the network itself and calls `input_handler` and `output_handler`.

This file runs without the package, and imports other packages only when they are needed, because
TensorFlow Serving's container has neither NumPy nor Pillow. `images.json` beside it says how many
pixels per side and channels the network's images have, and how pictures are converted;
`labels.json` has the class names. Without `images.json`, images are like those of Fashion-MNIST:
28 pixels per side, grey, light on black. Here images are arrays of doubles in [0, 1], row by row,
pixel by pixel, 0 is black; probabilities are lists with one for each class.

Request content types, for 28 grey pixels per side:
    application/json    {"instances": ...} or only the array: numbers of shape (28, 28),
                        (28, 28, 1) or (784,) for one image, with one more leading axis for
                        several; or {"b64": "..."} objects with picture files
    application/x-npy   the same shapes in `numpy.save`'s format; never unpickled
    text/csv            784 numbers per line for each image; or 28 lines of 28 for one image
    image/png, image/jpeg, image/webp, image/bmp, image/tiff, image/gif
                        one picture, converted as Fashion-MNIST was made, or its centred square,
                        resized; the format is found by its content, and of several pictures in a
                        file the first is used. Also taken are image/jpg, image/tif and
                        application/x-image
Coloured images have the shape (28, 28, 3) or (2352,).

Pictures are converted in a process of their own, which is ended when the pictures of one request
take more seconds or memory than the limits below; environment variables set others.

Numbers are pixels in [0, 1]. If any number of a request is larger than 1, all must be integers up
to 255. Integers in .npy files always range to 255.

Response content types, chosen by Accept and its q:
    application/json    {"class": "T-shirt", "confidence": 0.95} for one image, a list of these for
                        several; with `application/json;verbose=true` also all probabilities
    text/csv            the class names, then one line of probabilities for each image
    application/x-npy   float32 (n, classes)
"""

from __future__ import annotations

import ast
import base64
import binascii
import contextlib
import csv
import io
import json
import math
import os
import signal
import struct
import subprocess
import sys
import threading
import weakref
from array import array
from functools import lru_cache
from http.client import responses
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

_IMAGES_FILE = Path(__file__).with_name("images.json")
IMAGES = (
    json.loads(_IMAGES_FILE.read_text("utf-8"))
    if _IMAGES_FILE.exists()
    else {"side": 28, "channels": 1, "conversion": "light-on-black"}
)
SIDE, CHANNELS = IMAGES["side"], IMAGES["channels"]
NUMBERS = SIDE * SIDE * CHANNELS  # of one image
MODE = "L" if CHANNELS == 1 else "RGB"  # Pillow's name
SHARES = [grey / 255 for grey in range(256)]
MOST_IMAGES = int(os.environ.get("CONVBIAS_MOST_IMAGES", "1024"))
MOST_PICTURE_BYTES = int(os.environ.get("CONVBIAS_MOST_PICTURE_BYTES", "6291456"))
MOST_PICTURE_PIXELS = int(os.environ.get("CONVBIAS_MOST_PICTURE_PIXELS", "25000000"))
MOST_PICTURE_SCANS = int(os.environ.get("CONVBIAS_MOST_PICTURE_SCANS", "64"))
MOST_PICTURE_SECONDS = float(os.environ.get("CONVBIAS_MOST_PICTURE_SECONDS", "0.8"))
MOST_PICTURE_MEMORY = int(os.environ.get("CONVBIAS_MOST_PICTURE_MEMORY", "200000000"))

JSON, NPY, CSV = "application/json", "application/x-npy", "text/csv"
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
PICTURES = tuple(f"image/{name.lower()}" for name in FORMATS)
OTHER_PICTURES = ("image/jpg", "image/tif", "application/x-image")  # other names of the same
TAKEN = (JSON, NPY, CSV, *PICTURES, *OTHER_PICTURES)
GIVEN = (JSON, CSV, NPY)

MOST_TOGETHER = f"at most {MOST_PICTURE_PIXELS:,} pixels in all pictures of a request"
IMAGE_SHAPES = ((SIDE, SIDE, CHANNELS), (NUMBERS,))
if CHANNELS == 1:
    IMAGE_SHAPES = ((SIDE, SIDE), *IMAGE_SHAPES)
SHAPES = (
    f"{', '.join(map(str, IMAGE_SHAPES[:-1]))} or {IMAGE_SHAPES[-1]}, with the number of images as"
    " a leading axis for several"
)
NPY_TYPES = {"u1": "B", "u2": "H", "u4": "I", "u8": "Q", "i1": "b", "i2": "h", "i4": "i", "i8": "q"}
NPY_FLOATS = {"f2": "e", "f4": "f", "f8": "d"}
NPY_FILE = "an array in numpy.save's format, in C order"
LONGEST_NPY_HEADER = 1_000  # bytes; numpy.save writes 118 for every supported array
DEEPEST = 4  # axes
LONGEST_QUOTE = 100  # characters of a request in an error message


_ENCODER = json.JSONEncoder(allow_nan=False)


class RequestError(Exception):
    """A request that cannot be processed; `status` is the HTTP status of the response."""

    def __init__(self, status: int, what: str, expected: str) -> None:
        super().__init__(f"{what}; expected {expected}")
        self.status = status
        self.parts = (status, what, expected)


# --- the functions of AWS's inference toolkit ---------------------------------------------------


def model_fn(model_dir: str):  # noqa: ANN201 - a function from images to probabilities
    """Load the network with onnxruntime or, if that is not installed, with TensorFlow.

    Args:
        model_dir: folder of the unpacked archive, with `model.onnx` and `1/`.

    Returns:
        A function from float32 (n, side, side, channels) in [0, 1] to float32 (n, classes).
    """
    # Otherwise onnxruntime (1.32) identifies the machine and may report to its makers.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import onnxruntime
    except ImportError:
        return _tensorflow_model(Path(model_dir) / "1")
    options = onnxruntime.SessionOptions()
    # For one image the network is too small to gain from several threads.
    options.intra_op_num_threads = int(os.environ.get("CONVBIAS_THREADS", "1"))
    session = onnxruntime.InferenceSession(
        str(Path(model_dir) / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    return lambda images: session.run(["probabilities"], {"images": images})[0]


def _tensorflow_model(folder: Path):  # noqa: ANN202 - as model_fn
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder))
    # The signature alone does not keep the variables alive.
    kept = loaded, loaded.signatures["serving_default"]

    def probabilities(images):  # noqa: ANN001, ANN202 - NumPy is not imported here
        _, signature = kept
        return signature(images=tf.constant(images))["probabilities"].numpy()

    return probabilities


def input_fn(body: bytes | str, content_type: str) -> list[array]:
    """Read the images of a request.

    Args:
        body: body of the request; AWS's toolkit decodes text types.
        content_type: content type of the request.

    Returns:
        Images, each an array of doubles in [0, 1].

    Raises:
        RequestError: The images cannot be read. In AWS's toolkit, its own error with that status.
    """
    try:
        return _images(body, content_type)
    except RequestError as error:
        raise _toolkit_error(error) from None


def predict_fn(images: list[array], model) -> list[list[float]]:  # noqa: ANN001
    """Run the network.

    Args:
        images: images from `input_fn`.
        model: function from `model_fn`.

    Returns:
        The probabilities of all classes for each image.
    """
    import numpy as np

    stacked = np.array(images, dtype=np.float32).reshape(-1, SIDE, SIDE, CHANNELS)
    return model(stacked).tolist()


def output_fn(probabilities: list[list[float]], accept: str) -> tuple[bytes, str]:
    """Write the response.

    Args:
        probabilities: the probabilities of all classes for each image.
        accept: Accept header of the request.

    Returns:
        The body and its content type.

    Raises:
        RequestError: No accepted content type is available. In AWS's toolkit, its own error.
    """
    try:
        return _response(probabilities, accept)
    except RequestError as error:
        raise _toolkit_error(error) from None


def _response(probabilities: list[list[float]], accept: str) -> tuple[bytes, str]:
    kind, verbose = _accepted(accept)
    if kind == NPY:
        return _npy(probabilities), NPY
    names = class_names()
    if kind == CSV:
        rows = [",".join(names)] + [",".join(map(repr, each)) for each in probabilities]
        return "\n".join([*rows, ""]).encode(), CSV
    predictions = [_prediction(each, names, verbose) for each in probabilities]
    answer = predictions[0] if len(predictions) == 1 else predictions
    return _ENCODER.encode(answer).encode(), JSON


# --- the functions of AWS's TensorFlow Serving container ----------------------------------------


def input_handler(data, context) -> str:  # noqa: ANN001 - the container's own classes
    """Convert a request into one to TensorFlow Serving.

    Args:
        data: stream of the body.
        context: has the attribute `request_content_type`.

    Raises:
        RequestError: The images cannot be read. In the container, falcon's error with that status.
    """
    try:
        images = _images(data.read(), context.request_content_type)
    except RequestError as error:
        raise _falcon_error(error) from None
    return json.dumps({"instances": list(map(_nested, images))})


def output_handler(response, context) -> tuple[bytes, str]:  # noqa: ANN001 - as above
    """Convert TensorFlow Serving's response.

    Args:
        response: TensorFlow Serving's response, with `status_code` and `content`.
        context: has the attribute `accept_header`.

    Raises:
        RequestError: No accepted content type is available. In the container, falcon's error.
        RuntimeError: TensorFlow Serving failed.
    """
    if response.status_code != 200:
        raise RuntimeError(response.content.decode("utf-8", "replace"))
    try:
        return _response(json.loads(response.content)["predictions"], context.accept_header)
    except RequestError as error:
        raise _falcon_error(error) from None


def _nested(image: array) -> list[list[list[float]]]:
    """An image as rows of pixels of channels."""
    pixels = [image[at : at + CHANNELS].tolist() for at in range(0, NUMBERS, CHANNELS)]
    return [pixels[at : at + SIDE] for at in range(0, SIDE * SIDE, SIDE)]


# --- reading ------------------------------------------------------------------------------------


def _images(body: bytes | str, content_type: str) -> list[array]:
    kind = (content_type or JSON).partition(";")[0].strip().lower()
    if kind not in TAKEN:
        raise RequestError(415, f"the content type is {_quote(kind)}", f"one of {_or(TAKEN)}")
    raw = body.encode() if isinstance(body, str) else bytes(body)
    if not raw:
        raise RequestError(400, "the body is empty", "at least one image")
    if kind in PICTURES + OTHER_PICTURES:
        return _pictures([raw])
    return {JSON: _from_json, NPY: _from_npy, CSV: _from_csv}[kind](raw)


def _from_json(raw: bytes) -> list[array]:
    def reject_constant(name: str) -> float:
        raise RequestError(400, f"the JSON contains {name}", "numbers from 0 to 255")

    try:
        value = _parsed(raw, reject_constant)
    except RecursionError:
        raise RequestError(400, "the JSON is nested too deeply", f"shape {SHAPES}") from None
    except ValueError as error:  # broken JSON, bytes that are not UTF-8, too many digits
        raise RequestError(400, f"the body is not JSON: {error}", "JSON in UTF-8") from None
    if isinstance(value, dict) and "instances" in value:
        value = value["instances"]
    if isinstance(value, dict):
        if "b64" not in value:
            keys = _or(sorted(map(_quote, value))[:3]) if value else "no keys"
            raise RequestError(400, f"a JSON object has {keys}", "one with instances or with b64")
        value = [value]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        _check_number(len(value))
        return _pictures(map(_from_base64, value))
    if not isinstance(value, list):
        found = type(value).__name__
        raise RequestError(400, f"the JSON is a {found}", "an array, or an object with instances")
    # Of JSON's words, each has an l or a u, and numbers and "instances" have neither.
    shape, numbers = _flat(value, booleans=b"l" in raw or b"u" in raw)
    return _scaled(_split(shape, numbers))


def _parsed(raw: bytes, reject_constant):  # noqa: ANN001, ANN202 - any JSON value
    # orjson is much faster; what it rejects, the standard library parses or rejects with a reason.
    with contextlib.suppress(ImportError, ValueError):
        import orjson

        return orjson.loads(raw)
    return json.loads(raw, parse_constant=reject_constant)


def _flat(value: list, *, booleans: bool = False) -> tuple[tuple[int, ...], array]:
    """Shape and numbers, row by row, of nested lists, which may contain booleans if `booleans`."""
    shape: tuple[int, ...] = ()
    while value and type(value[0]) is list:
        _check_kinds(value, {list})
        if len(shape) == DEEPEST - 1:
            raise RequestError(400, "the array has too many axes", f"shape {SHAPES}")
        if len(set(map(len, value))) > 1:
            raise RequestError(400, "the array's rows differ in length", f"shape {SHAPES}")
        shape = (*shape, len(value) // math.prod(shape))
        value = list(chain.from_iterable(value))
    if not value:
        raise RequestError(400, "an array is empty", f"shape {SHAPES}")
    if booleans:  # array("d") would convert them to 1 and 0
        _check_kinds(value, {int, float})
    try:
        return (*shape, len(value) // math.prod(shape)), array("d", value)
    except TypeError:
        _check_kinds(value, {int, float})
        raise
    except OverflowError:
        raise RequestError(400, "there are numbers that are too large", "pixels") from None


def _check_kinds(value: list, allowed: set[type]) -> None:
    kinds = set(map(type, value))
    if not kinds <= allowed:
        others = sorted(kind.__name__ for kind in kinds - {int, float})
        raise RequestError(400, f"an array contains {_or(others)} among its numbers", "numbers")


def _from_csv(raw: bytes) -> list[array]:
    try:
        text = raw.decode("utf-8-sig")
        # float() also takes digits of other scripts, and underscores between digits.
        if not text.isascii() or "_" in text:
            raise RequestError(400, "the CSV has characters that no number has", "only numbers")
        rows = [row for row in csv.reader(io.StringIO(text)) if row]
        numbers = [[float(cell) for cell in row] for row in rows]
    except (ValueError, csv.Error) as error:
        raise RequestError(400, f"the CSV cannot be read: {_cut(error)}", "only numbers") from None
    if not numbers:
        raise RequestError(400, "the CSV has no lines", f"{NUMBERS} numbers per line")
    shape, flat = _flat(numbers)
    return _scaled(_split(shape, flat))


def _from_npy(raw: bytes) -> list[array]:
    kind, shape, start = _npy_header(raw)
    order = ">" if kind[0] == ">" else "<"
    code = NPY_TYPES.get(kind[1:]) or NPY_FLOATS.get(kind[1:])
    if code is None:
        reason = "contains Python objects" if "O" in kind else f"contains {_cut(kind)}"
        raise RequestError(400, f"the array {reason}", "integers or floats")
    count = math.prod(shape)
    _split(shape, ())  # checks the shape before the numbers are read
    if len(raw) - start != count * struct.calcsize(code):
        raise RequestError(
            400,
            f"the array has {len(raw) - start:,} bytes of numbers",
            f"{count * struct.calcsize(code):,} bytes for the shape {shape}",
        )
    if code == "B":
        return _shares(_split(shape, raw[start:]))
    numbers = struct.unpack_from(f"{order}{count}{code}", raw, start)
    if kind[1:] in NPY_TYPES:
        _check_range(min(numbers), max(numbers))
        return _shares(_split(shape, bytes(numbers)))
    return _scaled(_split(shape, array("d", numbers)))


def _npy_header(raw: bytes) -> tuple[str, tuple[int, ...], int]:
    """Type, shape, and offset of the numbers."""
    if raw[:6] != b"\x93NUMPY" or raw[6:7] not in (b"\x01", b"\x02", b"\x03"):
        raise RequestError(400, "the body is not a .npy file", NPY_FILE)
    length = 2 if raw[6:7] == b"\x01" else 4
    size = int.from_bytes(raw[8 : 8 + length], "little")
    start = 8 + length + size
    if size > LONGEST_NPY_HEADER or start > len(raw):
        raise RequestError(400, "the .npy file's header is truncated or too long", NPY_FILE)
    return (*_npy_description(raw[8 + length : start]), start)


@lru_cache(maxsize=16)  # most requests have the same few shapes
def _npy_description(text: bytes) -> tuple[str, tuple[int, ...]]:
    try:
        header = ast.literal_eval(text.decode("latin-1").strip())
        kind, shape = header["descr"], header["shape"]
        fortran = header["fortran_order"]
    except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError):
        raise RequestError(400, "the .npy file's header cannot be read", NPY_FILE) from None
    natural = isinstance(shape, tuple) and all(type(each) is int and each >= 0 for each in shape)
    if not natural or not isinstance(kind, str) or not kind or fortran is not False:
        raise RequestError(400, "the array is structured or in Fortran order", NPY_FILE)
    return kind, shape


def _split(shape: tuple[int, ...], numbers) -> list:  # noqa: ANN001 - any sequence
    """The numbers of each image."""
    if shape not in IMAGE_SHAPES:
        if shape[1:] not in IMAGE_SHAPES:
            raise RequestError(400, f"the array has the shape {shape}", SHAPES)
        _check_number(shape[0])
    return [numbers[start : start + NUMBERS] for start in range(0, len(numbers), NUMBERS)]


def _check_number(images: int) -> None:
    if images == 0:
        raise RequestError(400, "there are no images", "at least one")
    if images > MOST_IMAGES:
        raise RequestError(413, f"there are {images:,} images", f"at most {MOST_IMAGES:,}")


def _scaled(images: list[array]) -> list[array]:
    """Pixels in [0, 1] from pixels in [0, 1], or from integers up to 255."""
    bounds = [_bounds(image) for image in images]
    if not all(map(math.isfinite, chain.from_iterable(bounds))):
        raise RequestError(400, "there are numbers that are not finite", "pixels")
    low, high = min(low for low, _ in bounds), max(high for _, high in bounds)
    _check_range(low, high)
    if high <= 1:
        return images
    if not all(pixel.is_integer() for image in images for pixel in image):
        raise RequestError(
            400, f"pixels reach {high:g} and are not integers", "[0, 1], or integers up to 255"
        )
    return _shares(bytes(map(int, image)) for image in images)


def _bounds(image: array) -> tuple[float, float]:
    """The smallest and the largest number; NaN if any number is not finite."""
    try:
        import numpy as np
    except ImportError:
        finite = math.isfinite(sum(image))
        return (min(image), max(image)) if finite else (math.nan, math.nan)
    numbers = np.frombuffer(image)
    return numbers.min(), numbers.max()


def _check_range(low: float, high: float) -> None:
    if low < 0 or high > 255:
        raise RequestError(
            400, f"pixels range from {low:g} to {high:g}", "[0, 1], or integers from 0 to 255"
        )


def _shares(images) -> list[array]:  # noqa: ANN001 - of bytes
    """Pixels in [0, 1] from integers up to 255, one in each byte."""
    try:
        import numpy as np
    except ImportError:
        return [array("d", map(SHARES.__getitem__, image)) for image in images]
    return [array("d", (np.frombuffer(image, np.uint8) / 255).tobytes()) for image in images]


# --- pictures -----------------------------------------------------------------------------------

# src/convbias/data/conversion.py has the same conversion, and reports every step; it is repeated
# here because this file runs without the package. A test compares both.


def _from_base64(value) -> bytes:  # noqa: ANN001 - any JSON value
    text = value.get("b64") if isinstance(value, dict) else None
    if not isinstance(text, str):
        raise RequestError(400, "an object has no b64", '{"b64": "..."} with a picture file')
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError(400, f"b64 cannot be decoded: {error}", "base64") from None


def _pictures(files) -> list[array]:  # noqa: ANN001 - of bytes
    """Convert pictures of any size to images like those that the network was trained on."""
    files = list(files)
    for raw in files:
        if len(raw) > MOST_PICTURE_BYTES:
            what = f"a picture has {len(raw):,} bytes"
            raise RequestError(413, what, f"at most {MOST_PICTURE_BYTES:,}")
    with _PICTURES_LOCK:
        process = _picture_process(os.getpid())
        try:
            values = process.converted(files)
        except _ProcessEndedError as ended:
            _picture_process.cache_clear()
            raise ended.reason from None
    size = range(0, len(values), NUMBERS)
    return _shares([values[start : start + NUMBERS] for start in size])


class _ProcessEndedError(Exception):
    """The process that converts pictures has ended; `reason` is what to tell the client."""

    def __init__(self, reason: RequestError) -> None:
        super().__init__(str(reason))
        self.reason = reason


_PICTURES_LOCK = threading.Lock()
PATIENCE = 30.0  # seconds for an answer; only a machine that is far too busy takes as long
PASSED_ON = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME")


@lru_cache(maxsize=1)
def _picture_process(_parent: int) -> _PictureProcess:
    """The process that converts the pictures of this process, also after a fork."""
    return _PictureProcess()


class _PictureProcess:
    """A process that converts pictures, and that a picture may crash without harm."""

    def __init__(self) -> None:
        from multiprocessing.connection import Pipe

        if not _has_pillow():
            what = "this container cannot read pictures"
            raise RequestError(415, what, _or((JSON, NPY, CSV)))
        self._connection, theirs = Pipe()
        # Without tokens and keys, which a picture that takes the process over could read.
        passed_on = {
            name: value
            for name, value in os.environ.items()
            if name in PASSED_ON or name.startswith("CONVBIAS_MOST_")
        }
        passed_on["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        number = theirs.fileno()
        command = [sys.executable, str(Path(__file__).absolute()), str(number)]
        nowhere = subprocess.DEVNULL  # decoders write about damaged pictures
        try:
            self._process = subprocess.Popen(
                command,
                env=passed_on,
                pass_fds=[number],
                stdin=nowhere,
                stdout=nowhere,
                stderr=nowhere,
            )
        except OSError as error:
            what = f"no process to read pictures in can be started: {error}"
            raise RequestError(503, what, "less load on this machine") from None
        finally:
            theirs.close()
        weakref.finalize(self, _end, self._process, self._connection, os.getpid())

    def converted(self, files: list[bytes]) -> bytes:
        """The values of each picture's pixels, 0 to 255.

        Raises:
            RequestError: A picture cannot be read.
            _ProcessEndedError: The process has ended, because of a limit or a crash.
        """
        head = struct.pack(f"<I{len(files)}I", len(files), *map(len, files))
        try:
            self._connection.send_bytes(head + b"".join(files))
            if not self._connection.poll(PATIENCE):
                what = f"reading pictures took longer than {PATIENCE:g} s"
                raise _ProcessEndedError(RequestError(503, what, "less load on this machine"))
            answer = self._connection.recv_bytes(1 + len(files) * NUMBERS + 2**16)
        except (OSError, EOFError):
            raise _ProcessEndedError(_reason(self._process.wait())) from None
        if answer[:1] == b"\0" and len(answer) == 1 + len(files) * NUMBERS:
            return answer[1:]
        raise RequestError(*json.loads(answer[1:]))


def _has_pillow() -> bool:
    try:
        return find_spec("PIL") is not None
    except ValueError:
        return False


def _end(process: subprocess.Popen, connection, parent: int) -> None:  # noqa: ANN001 - a Connection
    if os.getpid() == parent:  # and not a copy made by a fork
        process.kill()
        process.wait()
    connection.close()


def _reason(status: int) -> RequestError:
    """Why the process ended, from its exit status."""
    if status == -signal.SIGPROF:
        what = f"the pictures take more than {MOST_PICTURE_SECONDS:g} s of processor time"
        return RequestError(413, what, "smaller pictures, or fewer in one request")
    what = f"the decoder ended on a picture (status {status})"
    return RequestError(400, what, f"an undamaged {_or(FORMATS)} file")


# What follows runs in the process that converts pictures.


def _answer_requests(descriptor: int) -> None:
    """Convert the pictures of one request after the other, until the other end is closed."""
    from multiprocessing.connection import Connection

    connection = Connection(descriptor)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's end closes the connection
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # which ends the process
    _limit_memory()
    with contextlib.suppress(EOFError, OSError):
        while True:
            request = connection.recv_bytes()
            # Counts the seconds of one request on the processor, however busy the machine is.
            signal.setitimer(signal.ITIMER_PROF, MOST_PICTURE_SECONDS)
            answer = _answer(request)
            signal.setitimer(signal.ITIMER_PROF, 0)
            connection.send_bytes(answer)


def _limit_memory() -> None:
    from PIL import Image

    Image.init()  # loads all decoders, which are no part of a request's memory
    with contextlib.suppress(ImportError, OSError, ValueError):  # where there is no such limit
        import resource

        pages = Path("/proc/self/statm").read_text().split()
        size, resident = (int(each) * resource.getpagesize() for each in pages[:2])
        most = size + max(0, MOST_PICTURE_MEMORY - resident)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _answer(request: bytes) -> bytes:
    (count,) = struct.unpack_from("<I", request)
    start = 4 + 4 * count
    left = MOST_PICTURE_PIXELS
    converted = [b"\0"]
    try:
        for length in struct.unpack_from(f"<{count}I", request, 4):
            picture, pixels = _decoded(request[start : start + length], left)
            start, left = start + length, left - pixels
            converted.append(_converted(picture).tobytes())
    except RequestError as error:
        return b"\1" + json.dumps(error.parts).encode()
    except MemoryError:
        what = f"a picture takes more than {MOST_PICTURE_MEMORY:,} bytes of memory"
        return b"\1" + json.dumps([413, what, "a smaller picture"]).encode()
    return b"".join(converted)


DRAFT_SIDE = 1_024  # pixels of the longer side that a large JPEG file is decoded to, at least
TILE = 2**18  # pixels that are made grey or RGB at once
GAP = 64  # Lanczos' filter gets at most about this many pixels for one, however large a picture is


def _decoded(raw: bytes, most: int):  # noqa: ANN202 - Pillow's images
    """The picture, upright and grey or RGB, and how many pixels the file has."""
    import warnings

    from PIL import Image

    expected = f"an undamaged {_or(FORMATS)} file"
    pixels = 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about large pictures, which are rejected here
            with Image.open(io.BytesIO(raw), formats=FORMATS) as picture:
                _check_size(picture, most)
                _check_scans(raw)
                pixels = picture.width * picture.height
                _shrink_while_decoding(picture)
                picture.load()
    except (RequestError, MemoryError):
        raise
    except Image.DecompressionBombError:
        raise RequestError(413, "a picture has far too many pixels", MOST_TOGETHER) from None
    except Exception as error:  # noqa: BLE001 - decoders raise various errors for damaged files
        reason = str(error).partition("<")[0].strip() or type(error).__name__
        if pixels > MOST_PICTURE_MEMORY // 16:  # some decoders do not say that memory is short
            what = f"a picture of {pixels:,} pixels cannot be read: {_cut(reason)}"
            limit = f"at most {MOST_PICTURE_MEMORY:,} bytes of memory for it"
            raise RequestError(413, what, f"{expected}, and {limit}") from None
        raise RequestError(400, f"the picture cannot be read: {_cut(reason)}", expected) from None
    if picture.format == "TIFF" and picture.mode in ("I", "F", "LAB"):
        raise RequestError(400, f"pixels have the mode {picture.mode}", "8 or 16 unsigned bits")
    return _upright(_plain(picture), picture), pixels


def _check_size(picture, most: int) -> None:  # noqa: ANN001 - Pillow's images
    # The size is in the header, so that a large picture is rejected before it is decoded.
    tags = getattr(picture, "tag_v2", {})  # a TIFF file's tiles may be larger than the picture
    tile = (int(tags.get(322, 0)), int(tags.get(323, 0)))
    for what, (width, height) in (("a picture", picture.size), ("a picture's tile", tile)):
        if width * height > most:
            before = "" if most == MOST_PICTURE_PIXELS else ", too many with those before it"
            size = f"{width:,} x {height:,}"
            raise RequestError(413, f"{what} has {size} pixels{before}", MOST_TOGETHER)


def _check_scans(raw: bytes) -> None:
    # Each scan of a JPEG file, even an empty one, passes over all of its pixels.
    scans = raw.count(b"\xff\xda") if raw[:2] == b"\xff\xd8" else 0
    if scans > MOST_PICTURE_SCANS:
        what = f"a picture has {scans:,} scans"
        raise RequestError(413, what, f"at most {MOST_PICTURE_SCANS}")


def _shrink_while_decoding(picture) -> None:  # noqa: ANN001 - Pillow's images
    # Only JPEG files can be; at a half, a quarter or an eighth of the size.
    factor = max(picture.size) // DRAFT_SIDE
    if factor > 1 and picture.format in ("JPEG", "MPO"):
        picture.draft(MODE, tuple(max(1, side // factor) for side in picture.size))


def _upright(plain, picture):  # noqa: ANN001, ANN202 - Pillow's images
    from PIL import ExifTags, Image

    turns = Image.Transpose
    noted = 1
    with contextlib.suppress(Exception):  # damaged EXIF data; the pixels can still be used
        noted = picture.getexif().get(ExifTags.Base.Orientation, 1)
    turn = {
        2: turns.FLIP_LEFT_RIGHT,
        3: turns.ROTATE_180,
        4: turns.FLIP_TOP_BOTTOM,
        5: turns.TRANSPOSE,
        6: turns.ROTATE_270,
        7: turns.TRANSVERSE,
        8: turns.ROTATE_90,
    }.get(noted)
    return plain if turn is None else plain.transpose(turn)


def _converted(plain):  # noqa: ANN001, ANN202 - Pillow's images
    """Convert an upright picture, grey or RGB, to the image that the network takes."""
    return _light_on_black(plain) if IMAGES["conversion"] == "light-on-black" else _centred(plain)


def _centred(plain):  # noqa: ANN001, ANN202 - Pillow's images
    """The largest centred square, resized."""
    from PIL import Image

    side = min(plain.size)
    left, top = (plain.width - side) // 2, (plain.height - side) // 2
    if plain.size != (side, side):
        plain = plain.crop((left, top, left + side, top + side))
    if side == SIDE:
        return plain
    return plain.resize((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _light_on_black(grey):  # noqa: ANN001, ANN202 - Pillow's images
    """Make a grey picture light on dark, crop it to what it shows, and resize its longer side."""
    from PIL import Image, ImageChops

    background = _median_of_frame(grey)
    if background > 127:  # no test image of Fashion-MNIST has such a light frame
        grey, background = ImageChops.invert(grey), 255 - background
    if grey.size == (SIDE, SIDE):
        return grey
    # What is shown differs from the background by more than 5 %.
    box = grey.point([255 * (abs(value - background) > 13) for value in range(256)]).getbbox()
    grey = grey.crop(box) if box else grey
    longer = max(grey.size)
    width, height = (max(1, round(SIDE * side / longer)) for side in grey.size)
    if grey.size != (width, height):
        grey = grey.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=GAP)
    square = Image.new("L", (SIDE, SIDE), background)
    square.paste(grey, ((SIDE - width) // 2, (SIDE - height) // 2))
    return square


def _plain(picture):  # noqa: ANN001, ANN202 - Pillow's images
    """Make a picture grey or RGB, a tile after the other: a copy of all would be too large."""
    from PIL import Image

    if picture.mode == MODE and not picture.has_transparency_data:
        return picture
    if picture.width * picture.height <= TILE:
        return _plain_tile(picture)
    plain = Image.new(MODE, picture.size)
    width = min(picture.width, TILE)
    height = TILE // width
    for top in range(0, picture.height, height):
        for left in range(0, picture.width, width):
            right, bottom = min(left + width, picture.width), min(top + height, picture.height)
            plain.paste(_plain_tile(picture.crop((left, top, right, bottom))), (left, top))
    return plain


def _plain_tile(picture):  # noqa: ANN001, ANN202 - Pillow's images
    from PIL import Image

    if picture.mode.startswith("I"):  # 16 bits
        transparent = picture.info["transparency"] if picture.has_transparency_data else None
        return picture.convert("I").point(_rounded(transparent), "L").convert(MODE)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return picture.convert(MODE if picture.mode in ("1", "L") else "RGB").convert(MODE)


@lru_cache(maxsize=1)
def _rounded(transparent: int | None) -> list[int]:
    """The 8-bit grey value of each 16-bit one, of which one may be transparent."""
    rounded = [(value + 128) // 257 for value in range(65_536)]
    if transparent is not None:  # laid on white
        rounded[transparent] = 255
    return rounded


def _median_of_frame(grey) -> int:  # noqa: ANN001 - Pillow's images
    width, height = grey.size
    edges = ((0, 0, width, 1), (0, height - 1, width, height))
    sides = ((0, 0, 1, height), (width - 1, 0, width, height))
    histograms = [grey.crop(box).histogram() for box in edges + sides]
    counts = list(map(sum, zip(*histograms)))  # noqa: B905 - runs before 3.10 as well
    total = sum(counts)
    return (_ranked(counts, (total - 1) // 2) + _ranked(counts, total // 2)) // 2


def _ranked(counts: list[int], rank: int) -> int:
    """The value of a rank, 0 the smallest, from how often each value occurs."""
    for value, count in enumerate(counts):
        rank -= count
        if rank < 0:
            return value
    raise ValueError(rank)


# --- responses ----------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def class_names() -> list[str]:
    """The class names, from `labels.json` in the same folder."""
    return json.loads(Path(__file__).with_name("labels.json").read_text("utf-8"))


def _prediction(probabilities: list[float], names: list[str], verbose: bool) -> dict:
    best = max(range(len(probabilities)), key=probabilities.__getitem__)
    prediction = {"class": names[best], "confidence": round(probabilities[best], 6)}
    if verbose:
        prediction["probabilities"] = dict(zip(names, probabilities))  # noqa: B905 - runs before 3.10 as well
    return prediction


@lru_cache(maxsize=16)
def _accepted(accept: str) -> tuple[str, bool]:
    """The best accepted content type that is available, and whether verbose=true is set."""
    choices = [_choice(text) for text in (accept or JSON).split(",")]
    best, verbose, best_rank = "", False, (0.0, 0, 0)
    for kind in GIVEN:
        # The most specific range decides about a type, whatever others say (RFC 9110, 12.5.1).
        matches = [
            (len(name.replace("*", "")), -place, quality, parameters)
            for place, (name, quality, parameters) in enumerate(choices)
            if name in (kind, kind.split("/")[0] + "/*", "*/*")
        ]
        if not matches:
            continue
        _, place, quality, parameters = max(matches)
        rank = (quality, place, -GIVEN.index(kind))
        if quality > 0 and (not best or rank > best_rank):
            best, verbose, best_rank = kind, "verbose=true" in parameters, rank
    if not best:
        raise RequestError(406, f"the client accepts {_quote(accept)}", f"one of {_or(GIVEN)}")
    return best, verbose


def _choice(text: str) -> tuple[str, float, list[str]]:
    """Media range, quality and parameters of one choice of an Accept header."""
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            with contextlib.suppress(ValueError):
                quality = min(1.0, float(value))
    return name, quality, parameters


def _npy(rows: list[list[float]]) -> bytes:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}"
    padded = header.ljust(-(-(len(header) + 11) // 64) * 64 - 11) + "\n"
    numbers = [number for row in rows for number in row]
    start = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded.encode()
    return start + struct.pack(f"<{len(numbers)}f", *numbers)


def _falcon_error(error: RequestError) -> Exception:
    """The error to raise: AWS's TensorFlow Serving container uses falcon.

    falcon answers with the status of its own errors; an older version of the container catches all
    errors, and answers with 500 and their text.
    """
    try:
        import falcon  # pyright: ignore[reportMissingImports]
    except ImportError:
        return error

    class Refusal(falcon.HTTPError):
        def to_dict(self, obj_type=dict):  # noqa: ANN001, ANN202 - as in falcon
            return obj_type([("error", str(error))])  # pyright: ignore[reportCallIssue]

        def __str__(self) -> str:
            return str(error)

    # falcon 2 needs the whole status line.
    return Refusal(f"{error.status} {responses[error.status]}", description=str(error))


def _toolkit_error(error: RequestError) -> Exception:
    """The error to raise: AWS's toolkit uses the status of its own errors, and 500 for others."""
    try:
        from sagemaker_inference.errors import (  # pyright: ignore[reportMissingImports]
            BaseInferenceToolkitError,
        )
    except ImportError:
        return error
    return BaseInferenceToolkitError(error.status, str(error), str(error))


def _cut(text) -> str:  # noqa: ANN001 - text, or an error
    """Text of a request for an error message: short, and only characters that any client reads."""
    readable = str(text).encode("ascii", "backslashreplace").decode()
    return readable if len(readable) <= LONGEST_QUOTE else f"{readable[:LONGEST_QUOTE]}..."


def _quote(text: str) -> str:
    return f"'{_cut(text)}'"


def _or(names) -> str:  # noqa: ANN001 - any sequence of text
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


if __name__ == "__main__":
    _answer_requests(int(sys.argv[1]))
