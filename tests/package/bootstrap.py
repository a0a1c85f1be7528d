"""The start of a function's process: `bootstrap.py HANDLER FILE`. It notes in FILE which environment variables are read by name."""

import os
import sys
from collections.abc import ItemsView
from pathlib import Path

from awslambdaric.__main__ import main

handler, file = sys.argv[1:]
notes = Path(file).open("w", buffering=1)  # noqa: SIM115 - until the process ends


class Noting(os._Environ[str]):
    def __getitem__(self, name: str) -> str:
        notes.write(f"{name}\n")
        return super().__getitem__(name)

    # Whoever looks through all of them, as urllib does for proxies, reads none by name.
    def items(self) -> ItemsView[str, str]:
        return {name: super(Noting, self).__getitem__(name) for name in self}.items()

    def copy(self) -> dict[str, str]:
        return dict(self.items())


os.environ.__class__ = Noting
main([__file__, handler])
