"""``soleus relieve``: what to do while the muscle is cramping, counted aloud on the screen."""

from __future__ import annotations

import sys
import time

HOLDS = 3
HOLD_S = 10  # the stretch that was tried: 3 holds of 10 seconds (remedy pre_sleep_stretch, hallegraeff2012)

STANDING = (
    "Pull your toes and foot up towards your shin. Keep the knee straight.",
    "If you can stand safely: stand on that leg, heel flat, and lean forward with your hands on the wall.",
)
SITTING = (
    "Stay in bed or on a chair. Stretch the leg out with the knee straight.",
    "Take hold of your toes, or loop a towel round the foot, and pull them towards you.",
)
NOT_WHEN = (
    "Do not stretch or rub hard, and call for help instead, if the leg is swollen, hot or red on one side, if it "
    "suddenly turned cold or pale, if you felt a snap or tear, after an injury or operation on that leg, or if you are "
    "short of breath or have chest pain."
)
FALL = "Put the light on and get up slowly: a fall at night is worse than a cramp."


def run_relieve(*, sitting: bool, timer: bool) -> int:
    """Print the steps against a cramp and count the holds."""
    from soleus.knowledge.load import load_evidence

    say = sys.stdout.write
    for i, line in enumerate(SITTING if sitting else STANDING, start=1):
        say(f"{i}. {line}\n")
    say(f"3. Hold for {HOLD_S} seconds, breathe out slowly, rest. Do it {HOLDS} times, or until it lets go.\n\n")
    if timer:
        _count()
    say("It has let go? Move the foot gently, walk a few steps if you can. The calf may stay sore for a day or two.\n")
    say(f"{FALL}\n" if not sitting else "")
    say(f"When not to: {NOT_WHEN}\n")
    remedy = load_evidence().remedies["acute_stretch"]
    say(f"What is known: {remedy.effect} Certainty: {remedy.certainty} [{', '.join(remedy.sources)}]\n")
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
