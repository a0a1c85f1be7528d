"""How long each function takes to be ready, against a bare `import boto3` with the function's own clients.

In processes of their own, which see nothing but the package and Lambda's runtime client, in turn; CPU time is the operating system's.
"""

import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CLIENTS = {
    "validate": ("s3", "dynamodb", "sqs", "events"),
    "render": ("s3", "dynamodb", "sqs", "events"),
    "index": ("s3", "dynamodb", "sqs"),
    "invalidate": ("s3", "dynamodb", "cloudfront"),
    "sweep": ("s3", "dynamodb", "sqs"),
}
_BARE = "import awslambdaric.bootstrap; import boto3; cloud = boto3.Session()"
_OURS = "import awslambdaric.bootstrap; import pressrun.{step}; from pressrun.cloud.cloud import connect; cloud = connect()"
_CLIENTS = "; kept = [cloud.client(name) for name in {clients!r}]"


@dataclass(frozen=True)
class Start:
    """Medians: CPU milliseconds of the function, of the bare clients, and their ratio taken pair by pair."""

    step: str
    ours: float
    bare: float
    ratio: float


def starts(package: Path, runtime: Path, rounds: int = 9) -> list[Start]:
    found = []
    for step, clients in CLIENTS.items():
        pairs = [
            (
                _run(package, runtime, (_OURS + _CLIENTS).format(step=step, clients=clients)),
                _run(package, runtime, (_BARE + _CLIENTS).format(clients=clients)),
            )
            for _ in range(rounds)
        ]
        ours, bare = [one for one, _ in pairs], [other for _, other in pairs]
        ratio = statistics.median(one / other for one, other in zip(ours, bare, strict=True))
        found.append(Start(step, statistics.median(ours), statistics.median(bare), ratio))
    return found


def _run(package: Path, runtime: Path, code: str) -> float:
    environment = {
        "PYTHONPATH": f"{package}:{runtime}",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "EDITION": "bench",
    }
    child = subprocess.Popen([sys.executable, "-S", "-P", "-c", code], env=environment)
    _, status, use = os.wait4(child.pid, 0)
    if status:
        raise RuntimeError(code)
    return (use.ru_utime + use.ru_stime) * 1000
