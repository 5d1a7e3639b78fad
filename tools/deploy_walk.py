"""Run all deployment commands on local servers, and write their output to docs/deploy.md.

    .venv/bin/python -m tools.deploy_walk RUN --runs FOLDER

moto's server (with the additions of tools/servers/moto_server.py) and `convbias serve` stand in for
AWS. The measurements are recorded in src/convbias/findings/claims/deployment.json, on which claims
are judged.
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

from tools.deploy_record import write_record
from tools.servers.aws import KEY, REGION, ROLE, SECRET, LoopbackServer, moto, s3_with_bucket

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "deploy.md"
BLOCK = re.compile(r"(<!-- (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
NAME = "convbias-fashion-mnist"
OPTIONS = f"--bucket my-bucket --role {ROLE}"
STEPS = {
    "export": ["convbias export {run} --runs {runs}", "convbias package"],
    "plan": [f"convbias deploy plan {OPTIONS}"],
    "apply": [f"convbias deploy apply {OPTIONS}", f"convbias deploy apply {OPTIONS}"],
    "larger": [f"convbias deploy apply {OPTIONS} --instances 2 --max-instances 4"],
    "query": ["convbias deploy status", "convbias deploy invoke 0 1 2"],
    "failed": [f"convbias deploy plan {OPTIONS} --instance-type ml.t3.medium --data-capture 200"],
    "delete": ["convbias deploy delete --yes"],
}


def main() -> None:
    """Run the commands and write the page."""
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
    """Step to its commands and their output, as a block of Markdown."""
    binaries = Path(sys.executable).parent
    account = moto(folder)
    environment = {
        **os.environ,
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
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
                serve = [str(binaries / "convbias"), "serve", "--port", "{port}", "--name", NAME]
                servers.append(LoopbackServer(serve, folder, environment))
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
