"""Requests to the container that container/check.sh started; ends with an error if one fails."""

import struct
import time
import urllib.error
import urllib.request

ADDRESS = "http://127.0.0.1:28080"
HEADER = b"{'descr': '|u1', 'fortran_order': False, 'shape': (28, 28), }".ljust(117) + b"\n"
IMAGE = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(HEADER)) + HEADER + bytes(784)
START_SECONDS = 600.0


def status(path: str, body: bytes | None = None, kind: str = "application/x-npy") -> int:
    """The status of the response; 0 if the server does not listen yet."""
    request = urllib.request.Request(ADDRESS + path, body, {"content-type": kind})  # noqa: S310 - HTTP
    try:
        with urllib.request.urlopen(request, timeout=START_SECONDS) as response:  # noqa: S310
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except urllib.error.URLError:
        return 0


started = time.monotonic()
while status("/ping") != 200:
    if time.monotonic() - started > START_SECONDS:
        raise SystemExit("no answer")
    time.sleep(0.5)
found = [status("/invocations", IMAGE) for _ in range(500)]
found += [status("/invocations", b"{", "application/json"), status("/invocations", b"", "text/x")]
if found != [200] * 500 + [400, 415]:
    raise SystemExit(f"unexpected: {found[-5:]}")
