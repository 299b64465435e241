"""``soleus relieve``: what to do while the muscle is cramping, counted aloud on the screen."""

from __future__ import annotations

import sys
import time

from soleus.app.relief import FALL, HOLD_S, HOLDS, NOT_WHEN, SITTING, STANDING


def run_relieve(*, sitting: bool, timer: bool) -> int:
    """Print the steps against a cramp and count the holds."""
    from soleus.knowledge.load import load_evidence

    write = sys.stdout.write
    for i, step in enumerate(SITTING if sitting else STANDING, start=1):
        write(f"{i}. {step.how}\n")
    write(f"3. Hold for {HOLD_S} seconds, breathe out slowly, rest. Do it {HOLDS} times, or until it lets go.\n\n")
    if timer:
        _count()
    write(
        "It has let go? Move the foot gently, walk a few steps if you can. The calf may stay sore for a day or two.\n"
    )
    write(f"{FALL}\n" if not sitting else "")
    write(f"When not to: {NOT_WHEN}\n")
    remedy = load_evidence().remedies["acute_stretch"]
    write(f"What is known: {remedy.effect} Certainty: {remedy.certainty} [{', '.join(remedy.sources)}]\n")
    return 0


def _count() -> None:
    """Count the holds: one changing line on a terminal, one line a hold elsewhere."""
    live = sys.stdout.isatty()
    for hold in range(1, HOLDS + 1):
        if not live:
            sys.stdout.write(f"   hold {hold} of {HOLDS}: {HOLD_S} seconds\n")
            sys.stdout.flush()
            time.sleep(HOLD_S)
            continue
        for left in range(HOLD_S, 0, -1):
            sys.stdout.write(f"\r   hold {hold} of {HOLDS}: {left:2d} s  {'#' * left}{' ' * (HOLD_S - left)}")
            sys.stdout.flush()
            time.sleep(1)
        sys.stdout.write(f"\r   hold {hold} of {HOLDS}: let go, breathe{' ' * HOLD_S}\n")
        time.sleep(2)
