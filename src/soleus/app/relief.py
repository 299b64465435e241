"""What to do while the muscle is cramping: the words and the count that the terminal and the night page share."""

from __future__ import annotations

from typing import NamedTuple

from soleus.core.message import Message, say

HOLDS = 3
HOLD_S = 10  # the stretch that was tried: 3 holds of 10 seconds (remedy pre_sleep_stretch, hallegraeff2012)
REST_S = 10  # between two holds, as in the same trial


class Step(NamedTuple):
    """One thing to do: in a few big words, and how."""

    words: Message
    how: Message


STANDING = (
    Step(say("Pull your toes up"), say("Pull your toes and foot up towards your shin. Keep the knee straight.")),
    Step(
        say("Straighten the leg"),
        say("If you can stand safely: stand on that leg, heel flat, and lean forward with your hands on the wall."),
    ),
)
SITTING = (
    Step(say("Straighten the leg"), say("Stay in bed or on a chair. Stretch the leg out with the knee straight.")),
    Step(
        say("Pull your toes up"),
        say("Take hold of your toes, or loop a towel round the foot, and pull them towards you."),
    ),
)
NOT_WHEN = say(
    "Do not stretch or rub hard, and call for help instead, if the leg is swollen, hot or red on one side, if it "
    "suddenly turned cold or pale, if you felt a snap or tear, after an injury or operation on that leg, or if you are "
    "short of breath or have chest pain."
)
NOT_WHEN_IN_SHORT = say(
    "Do not stretch, get help: leg swollen and hot, or suddenly cold or pale; a snap; short of breath, chest pain."
)
FALL = say("Put the light on and get up slowly: a fall at night is worse than a cramp.")
