"""Time and memory of whole commands, as a person at a prompt meets them."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXAMPLE = str(ROOT / "examples" / "night_cramps_68.toml")
COMMANDS = {
    "soleus --help": ["--help"],
    "soleus assess EXAMPLE": ["assess", EXAMPLE],
    "soleus assess EXAMPLE --json": ["assess", EXAMPLE, "--json"],
    "soleus evidence show hypocalcemia": ["evidence", "show", "hypocalcemia"],
}
REPEATS = 7


def run(arguments: list[str]) -> tuple[float, float]:
    """Return wall seconds and peak memory (MB) of one command."""
    with tempfile.TemporaryFile() as out:
        start = time.perf_counter()
        program = str(Path(sys.executable).with_name("soleus"))
        process = os.posix_spawn(
            program, [program, *arguments], dict(os.environ), file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1)]
        )
        _, status, usage = os.wait4(process, 0)
        seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(arguments)} ended with {os.waitstatus_to_exitcode(status)}")
    return seconds, usage.ru_maxrss / 1024


def main() -> int:
    """Print minimum, median and maximum of each command."""
    print(f"{'command':36} {'min s':>7} {'median':>7} {'max':>7} {'peak MB':>8}")
    for name, arguments in COMMANDS.items():
        runs = [run(arguments) for _ in range(REPEATS)]
        seconds = [s for s, _ in runs]
        peak = max(m for _, m in runs)
        print(f"{name:36} {min(seconds):7.3f} {statistics.median(seconds):7.3f} {max(seconds):7.3f} {peak:8.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
