"""Accuracy on published patients and everyday questions (kept outside the project) and on textbook cases."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("SOLEUS_DATA", ROOT.parent / "shared"))
RECORDS = (
    ("published patients", DATA / "cases" / "dev.jsonl"),
    ("everyday questions", DATA / "questions" / "dev.jsonl"),
    ("textbook patients", ROOT / "tests" / "cases" / "textbook.jsonl"),
    ("textbook questions", ROOT / "tests" / "cases" / "everyday.jsonl"),
    ("composed patients", ROOT / "tests" / "cases" / "composed.jsonl"),
    ("composed questions", ROOT / "tests" / "cases" / "composed_questions.jsonl"),
)


def main() -> int:
    """Run ``soleus evaluate`` on each file that is here."""
    for name, path in RECORDS:
        print(f"== {name} ==", flush=True)
        if not path.is_file():
            print(f"skipped: {path.name} is not here (set SOLEUS_DATA to the folder that holds cases/ and questions/)")
            continue
        done = subprocess.run([sys.executable, "-m", "soleus", "evaluate", str(path)], check=False)
        if done.returncode == 2:
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
