"""Lambda's side of a function: a process under the real runtime client, awslambdaric, and the Runtime API that it asks for work.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. As on Lambda, the process sees the package, the runtime's own folder and its own
environment, and nothing of the environment that these tests run in.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Self

from pressrun.local.aws import REGION
from pressrun.local.cloud import TASK_ROOT, Cloud
from pressrun.local.functions import Context
from pressrun.local.stack import Function

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
API = "/2018-06-01/runtime"
_CLIENT = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py")


class FunctionError(Exception):
    """What a function failed with: the type and the message that it told the Runtime API."""


def runtime_folder(folder: Path) -> Path:
    """Lambda's /var/runtime: the runtime client and what it depends on, alone. Raises ModuleNotFoundError where it is not installed."""
    folder.mkdir()
    for name in _CLIENT:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(name)
        origin = Path(spec.origin)
        module = origin.parent if spec.submodule_search_locations else origin
        (folder / module.name).symlink_to(module)
    return folder


class Runtime:
    """One function's process. It is a handler of the local cloud: called with an event and a context, it gives the function's answer.

    `invocations` counts the calls; `settings` are the environment variables that the process has read; `log` is what it has printed.
    """

    def __init__(self, function: Function, package: Path, runtime: Path, folder: Path, endpoint_url: str) -> None:
        folder.mkdir()
        self.function = function
        self.invocations = 0
        self._settings, self._log = folder / "settings", folder / "log"
        self._next: Queue[tuple[dict[str, Any], Context] | None] = Queue()
        self._outcomes: Queue[Callable[[], Any]] = Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _runtime_api(self._next, self._outcomes))
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True)
        self._thread.start()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                # Without site-packages (-S) and without the folder of the bootstrap (-P).
                [sys.executable, "-S", "-P", BOOTSTRAP, function.handler, self._settings],
                env=self._environment(package, runtime, endpoint_url),
                cwd=package,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def __call__(self, event: dict[str, Any], context: Context) -> Any:
        """Raises FunctionError for what the function raises, for one that ends, and for one that takes longer than its timeout."""
        self.invocations += 1
        self._next.put((event, context))
        while True:
            try:
                outcome = self._outcomes.get(timeout=0.1)
            except Empty:
                if self._process.poll() is not None or not context.get_remaining_time_in_millis():
                    self._process.kill()  # as Lambda does, so that a late answer is nobody's
                    raise FunctionError(f"{self.function.name} gave no answer\n{self.log}") from None
            else:
                return outcome()

    @property
    def settings(self) -> set[str]:
        return set(self._settings.read_text().split())

    @property
    def peak(self) -> int:
        """The most memory that the process has taken so far, in bytes."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    @property
    def log(self) -> str:
        return self._log.read_text()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._next.put(None)
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _environment(self, package: Path, runtime: Path, endpoint_url: str) -> dict[str, str]:
        """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, and where this AWS is."""
        own = {name: value.replace(TASK_ROOT, f"{package}/") for name, value in self.function.environment.items()}
        return own | {
            "_HANDLER": self.function.handler,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_SESSION_TOKEN": "local",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": endpoint_url,
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.function.memory),
            "AWS_LAMBDA_FUNCTION_NAME": self.function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.function.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "AWS_LAMBDA_RUNTIME_API": "{}:{}".format(*self._server.server_address[:2]),
            "LAMBDA_RUNTIME_DIR": str(runtime),
            "LAMBDA_TASK_ROOT": str(package),
            "LANG": "en_US.UTF-8",
            "PYTHONPATH": f"{package}:{runtime}",
            "TZ": ":UTC",
        }


@contextmanager
def processes(cloud: Cloud, package: Path, runtime: Path, folder: Path) -> Iterator[dict[str, Runtime]]:
    """All functions of a local cloud, each in a process of its own, by step; the cloud calls them instead of the code in this process."""
    with ExitStack() as stack:
        endpoint_url = stack.enter_context(cloud.aws.serve())
        functions = cloud.stack.functions.items()
        runtimes = {step: stack.enter_context(Runtime(function, package, runtime, folder / step, endpoint_url)) for step, function in functions}
        cloud.functions.handlers = runtimes
        yield runtimes


def _runtime_api(work: Queue[tuple[dict[str, Any], Context] | None], outcomes: Queue[Callable[[], Any]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            assert self.path == f"{API}/invocation/next"
            todo = work.get()
            if todo is None:
                return
            event, context = todo
            remaining = context.get_remaining_time_in_millis()
            self._answer(
                200,
                json.dumps(event).encode(),
                {
                    "Lambda-Runtime-Aws-Request-Id": context.aws_request_id,
                    "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + remaining),
                    "Lambda-Runtime-Invoked-Function-Arn": context.invoked_function_arn,
                    "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0",
                },
            )

        def do_POST(self) -> None:
            said = json.loads(self._body())
            if self.path.endswith("/error"):  # of an invocation, or of the init phase

                def outcome() -> Any:
                    raise FunctionError(f"{said['errorType']}: {said['errorMessage']}")
            else:

                def outcome() -> Any:
                    return said

            outcomes.put(outcome)
            self._answer(202, b'{"status":"OK"}', {})

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers["Content-Length"]))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    return Handler
