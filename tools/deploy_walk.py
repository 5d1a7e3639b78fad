"""Walk from a stored run to an answer on servers of this machine, and write docs/deploy.md with it.

What is seen on the way is recorded in src/convbias/findings/claims/deployment.json, by which claims
are judged.

Every command runs for real, and its output is copied into the page. In place of AWS there are
moto's server (with what tools/servers/moto_server.py adds to it) and `convbias serve`.

    .venv/bin/python -m tools.deploy_walk RUN --runs FOLDER
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
from tools.deploy_record import write_record  # noqa: E402
from tools.servers.aws import REGION, ROLE, LoopbackServer, moto, s3_with_bucket  # noqa: E402

PAGE = ROOT / "docs" / "deploy.md"
BLOCK = re.compile(r"(<!-- (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
NAME = "convbias-fashion-mnist"
MINE = f"--bucket my-bucket --role {ROLE}"
STEPS = {
    "export": ["convbias export {run} --runs {runs}", "convbias package"],
    "plan": [f"convbias deploy plan {MINE}"],
    "apply": [f"convbias deploy apply {MINE}", f"convbias deploy apply {MINE}"],
    "larger": [f"convbias deploy apply {MINE} --instances 2 --max-instances 4"],
    "ask": ["convbias deploy status", "convbias deploy invoke 0 1 2"],
    "wrong": [f"convbias deploy plan {MINE} --instance-type ml.t3.medium --data-capture 200"],
    "delete": ["convbias deploy delete --yes"],
}


def main() -> None:
    """Walk, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="a stored run with its network")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        texts = _walk(given.run, given.runs, Path(name))
        write_record(Path(name))
    page = BLOCK.sub(lambda found: f"{found[1]}{texts[found['name']]}{found[3]}", PAGE.read_text())
    PAGE.write_text(page, encoding="utf-8")


def _walk(run: str, runs: Path, folder: Path) -> dict[str, str]:
    """Step to the commands and what they printed, as a block of Markdown."""
    binaries = Path(sys.executable).parent
    account = moto(folder)
    environment = {
        **os.environ,
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_ENDPOINT_URL": account.address,
    }
    servers = [account]
    texts = {}
    try:
        s3_with_bucket(account.address, "my-bucket")
        for step, commands in STEPS.items():
            parts = []
            for command in commands:
                shown = command.format(run=run, runs=runs)
                done = _run(command.format(run=run, runs=runs.resolve()), environment, folder)
                parts.append(f"$ {shown}\n{done}")
            texts[step] = "```\n" + "\n".join(parts).replace(str(folder), ".") + "```\n"
            if step == "export":
                answering = [
                    str(binaries / "convbias"),
                    "serve",
                    "--port",
                    "{port}",
                    "--name",
                    NAME,
                ]
                servers.append(LoopbackServer(answering, folder, environment))
                environment["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"] = servers[-1].address
    finally:
        for server in servers:
            server.stop()
    return texts


def _run(command: str, environment: dict[str, str], folder: Path) -> str:
    done = subprocess.run(
        shlex.split(command),
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    code = [f"(exit code {done.returncode})"] if done.returncode else []
    return "\n".join([*lines, *code]) + "\n"


if __name__ == "__main__":
    main()
