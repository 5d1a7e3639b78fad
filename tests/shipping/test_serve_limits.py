"""What one client, one picture, one worker or a full disk can do to the server."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import json
import resource
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import requests
from PIL import Image
from tools.servers.processes import CONVBIAS, TIMEOUT, wait_until
from tools.servers.serving import Server

from command_line import convbias
from convbias.data.drawn import drawn
from convbias.errors import InputError
from convbias.shipping.export.archive import MANIFEST, Archive, unpack
from convbias.shipping.serve.connections import MOST_PER_ADDRESS, client_of
from convbias.shipping.serve.predictor import Predictor
from convbias.shipping.serve.tokens import token_from

IMAGES = drawn(n_train=1, n_test=2)[2]
ONE = json.dumps(IMAGES[0].tolist()).encode()
POST = b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def victim(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two workers, which may be attacked and killed."""
    server = Server(archive.path, tmp_path_factory.mktemp("victim"), "--workers", "2")
    yield server
    server.stop()


def connected(server: Server) -> socket.socket:
    host, port = server.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), TIMEOUT)


def read_all(connection: socket.socket) -> bytes:
    """What arrives until the server closes the connection."""
    return b"".join(iter(lambda: connection.recv(2**16), b""))


def children(server: Server, words: str) -> list[psutil.Process]:
    """The descendants whose command contains words."""
    found = []
    for each in psutil.Process(server.started.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
            if words in " ".join(each.cmdline()):
                found.append(each)
    return found


# --- pictures -----------------------------------------------------------------------------------


def test_pictures_that_take_too_long_are_ended_while_ping_answers(victim: Server) -> None:
    slow = jpeg_of_passes((5_000, 5_000), 60)
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(victim.post, slow, "image/jpeg") for _ in range(4)]
        pings = 0
        while not all(each.done() for each in answers):
            assert victim.get("/ping").status_code == 200
            pings += 1
            for process in children(victim, "inference.py"):
                assert peak(process) < 210e6
    for each in answers:
        assert each.result().status_code == 413
        assert "0.8 s of processor time" in each.result().json()["error"]
    assert pings > len(answers)
    assert victim.post(ONE).status_code == 200


def jpeg_of_passes(size: tuple[int, int], scans: int) -> bytes:
    """A progressive JPEG file with more scans than it needs, each of all pixels."""
    file = io.BytesIO()
    Image.new("L", size, 200).save(file, "JPEG", progressive=True)
    whole = file.getvalue()
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * (scans - whole.count(b"\xff\xda")) + whole[-2:]


def peak(process: psutil.Process) -> float:
    """The largest resident memory of a process so far, in bytes."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:  # it has ended
        return 0.0
    [found] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")] or ["0"]
    return 1_024 * float(found)


# --- connections ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "status"), [(b"POST /nowhere", 404), (b"POST /ping", 405), (b"POST /invocations", 413)]
)
def test_a_refused_client_is_cut_off_while_it_sends(
    victim: Server, line: bytes, status: int
) -> None:
    with connected(victim) as connection:
        connection.sendall(line + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n")
        said = read_all(connection)
        assert said.startswith(b"HTTP/1.1 %d" % status)
        assert b"connection: close" in said
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            send_for_ever(connection)


def send_for_ever(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"x")
        time.sleep(0.02)


def test_an_address_has_a_limited_number_of_connections(victim: Server) -> None:
    held = [connected(victim) for _ in range(MOST_PER_ADDRESS)]
    try:
        with connected(victim) as one_more:
            said = read_all(one_more)
        assert said.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 1" in said
    finally:
        for connection in held:
            connection.close()

    def answers() -> bool:
        return requests.get(victim.address + "/ping", timeout=TIMEOUT).status_code == 200

    wait_until(answers)


def test_an_offer_to_change_the_protocol_is_ignored(victim: Server) -> None:
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    request = POST + offer + b"Content-Length: %d\r\n\r\n" % len(ONE) + ONE
    for cut in (0, 60, len(POST) + 20, len(request) - 100):
        with connected(victim) as connection:
            connection.sendall(request[:cut])
            time.sleep(0.05)  # so that the parts arrive one after the other
            connection.sendall(request[cut:])
            assert connection.recv(2**16).startswith(b"HTTP/1.1 200")
            connection.sendall(b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n")
            assert connection.recv(2**16).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(("rest", "status"), [(b"POST /inv", 408), (b"no HTTP\r\n\r\n", 400)])
def test_a_refusal_comes_after_the_answers_before_it(
    victim: Server, rest: bytes, status: int
) -> None:
    picture = io.BytesIO()
    Image.new("L", (3_000, 3_000)).save(picture, "PNG")  # takes longer to answer than to refuse
    body = picture.getvalue()
    head = b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\n"
    with connected(victim) as connection:
        connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body + rest)
        said = read_all(connection)
    places = [said.index(b"HTTP/1.1 %d" % each) for each in (200, status)]
    assert places == sorted(places)


def test_clients_of_a_killed_worker_are_asked_to_try_again(victim: Server) -> None:
    with connected(victim) as first, connected(victim) as second:
        for connection in (first, second):  # one for each worker
            connection.sendall(POST + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n")
            assert connection.recv(2**16).startswith(b"HTTP/1.1 100")
        [killed, _] = children(victim, "serve.worker")
        killed.kill()
        [[lost], _, _] = select.select([first, second], [], [], TIMEOUT)
        assert lost.recv(2**16).startswith(b"HTTP/1.1 503")
        [other] = {first, second} - {lost}
        other.sendall(b"[1, 2, 3]")
        assert other.recv(2**16).startswith(b"HTTP/1.1 400")
    wait_until(lambda: len({*children(victim, "serve.worker")} - {killed}) == 2)
    assert victim.post(ONE).status_code == 200


def test_addresses_that_a_client_may_vary_count_as_one() -> None:
    network = {client_of(f"2001:db8:0:1::{last}") for last in ("1", "2", "ffff:1")}
    assert len(network) == 1
    assert client_of("2001:db8:0:2::1") not in network
    assert client_of("::ffff:192.0.2.1") != client_of("::ffff:192.0.2.2")
    assert client_of("fe80::1%eth0") == client_of("fe80::2%eth0")


# --- the end --------------------------------------------------------------------------------------


def test_nothing_accepted_is_lost_at_the_end(archive: Archive, tmp_path: Path) -> None:
    server = Server(archive.path, tmp_path, "--workers", "2")
    ended: list[str] = []

    def ask_until_the_end(_: int) -> None:
        while True:
            try:
                answer = requests.post(
                    server.address + "/invocations",
                    data=ONE,
                    headers={"content-type": "application/json"},
                    timeout=TIMEOUT,
                )
            except requests.ConnectionError as error:
                # Refused is not accepted; a connection that is reset would be lost.
                ended.append("refused" if "refused" in str(error) else str(error))
                return
            if answer.status_code != 200:
                ended.append(f"{answer.status_code} {answer.headers['retry-after']}")
                return

    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(ask_until_the_end, number) for number in range(16)]
        wait_until(lambda: len(server.log()) > 100)
        assert server.stop() == 0
        for each in asked:
            each.result()
    assert len(ended) == 16
    assert set(ended) <= {"refused", "503 1"}


# --- starting -------------------------------------------------------------------------------------


def labels_of_nine(folder: Path) -> None:
    path = folder / "code" / "labels.json"
    path.write_text(json.dumps(json.loads(path.read_text())[:9]))


def code(text: str) -> Callable[[Path], None]:
    def append(folder: Path) -> None:
        with (folder / "code" / "inference.py").open("a") as file:
            file.write(text)

    return append


BROKEN = {
    "nine labels": labels_of_nine,
    "a number instead of predictions": code("\ndef predict_fn(images, model): return 0.1\n"),
    "nine probabilities": code(
        "\ndef predict_fn(images, model): return [[1 / 9] * 9] * len(images)\n"
    ),
    "one prediction too few": code("\ndef predict_fn(images, model): return [[0.1] * 10]\n"),
    "no numbers": code("\ndef predict_fn(images, model): return [[math.nan] * 10] * len(images)\n"),
    "a syntax error": code("\ndef broken(:\n"),
    "an end": code("\nraise SystemExit(0)\n"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_archives_that_cannot_answer_are_not_served(
    archive: Archive, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "broken"
    unpack(archive, folder)
    Predictor(folder)
    BROKEN[name](folder)
    with pytest.raises(InputError):
        Predictor(folder)


def test_workers_that_cannot_start_end_the_server(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    unpack(archive, folder)
    code("\nimport signal\nos.kill(os.getpid(), signal.SIGKILL)\n")(folder)
    manifest = json.loads((folder / MANIFEST).read_text())
    content = (folder / "code" / "inference.py").read_bytes()
    manifest["sha256"]["code/inference.py"] = hashlib.sha256(content).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))
    done = convbias("serve", folder, "--port", "0", cwd=tmp_path)
    assert done.returncode == 2
    assert "ended with status -9" in done.stderr
    assert "running on" not in done.stderr


@pytest.mark.parametrize(
    ("given", "token"), [({}, None), ({"CONVBIAS_TOKEN": " long and random \n"}, "long and random")]
)
def test_a_token_has_no_blanks_around_it(given: dict[str, str], token: str | None) -> None:
    assert token_from(given) == token


@pytest.mark.parametrize("given", ["", "  ", "schlüssel", "\udcff", "two\nlines"])
def test_tokens_that_no_client_can_send_are_refused(given: str) -> None:
    with pytest.raises(InputError):
        token_from({"CONVBIAS_TOKEN": given})


# --- disks and pipes ------------------------------------------------------------------------------


def test_neither_a_full_disk_nor_an_unread_log_stops_it(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    unpack(archive, folder)
    command = [CONVBIAS, "serve", str(folder), "--port", "0", "--workers", "1"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    errors = process.stderr
    assert errors
    fcntl.fcntl(errors, fcntl.F_SETPIPE_SZ, 4_096)
    try:
        address = errors.readline().decode().split()[-1]
        # No file may grow from now on: every write to one fails as on a full disk.
        for pid in (process.pid, *(each.pid for each in psutil.Process(process.pid).children())):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0))
        host, port = address.removeprefix("http://").split(":")
        asked = 1_500
        with socket.create_connection((host, int(port)), TIMEOUT) as connection:
            request = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % (b"x" * 1_000)
            answered = 0
            for _ in range(asked):
                connection.sendall(request)
                answered += connection.recv(2**16).startswith(b"HTTP/1.1 404")
        assert answered == asked
        headers = {"content-type": "application/json"}
        answer = requests.post(f"{address}/invocations", data=ONE, headers=headers, timeout=TIMEOUT)
        assert answer.status_code == 200
        metrics = requests.get(f"{address}/metrics", timeout=TIMEOUT).text
        [lost] = [
            line for line in metrics.splitlines() if line.startswith("convbias_log_lines_lost_")
        ]
        assert float(lost.split()[1]) > 0
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(TIMEOUT)
        errors.close()
    assert status == 0


def test_without_room_for_the_archive_it_ends_with_the_reason(
    archive: Archive, tmp_path: Path
) -> None:
    unpack(archive, tmp_path / "model")
    limited = 'ulimit -f 0; exec "$@"'
    command = [CONVBIAS, "serve", str(tmp_path / "model"), "--port", "0"]
    ended = subprocess.run(["sh", "-c", limited, "sh", *command], capture_output=True, text=True)
    assert ended.returncode == 2
    assert "TMPDIR" in ended.stderr
    assert "Traceback" not in ended.stderr
