"""``soleus serve`` as a process of its own, for the measurements of the pages."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running(folder: Path) -> Iterator[int]:
    """Serve the diary in ``folder`` while the block runs; give the port."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    command = [sys.executable, "-m", "soleus", "serve", "--no-browser", "--port", str(port)]
    environment = {**os.environ, "SOLEUS_DATA_DIR": str(folder)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        for _ in range(400):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api/session", timeout=5).read()
                break
            except OSError:
                if process.poll() is not None:
                    raise SystemExit("the server ended by itself") from None
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()
