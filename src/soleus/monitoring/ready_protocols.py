"""Protocols for what people measure at their legs with a meter, each with the reasons for its choices.

They are choices of this project after the practice of peak flow and home blood pressure; none of them was validated for
vessels of the leg. The published figures on posture and rest are in the evidence.
"""

from __future__ import annotations

from soleus.core.message import say
from soleus.core.record import Posture
from soleus.monitoring.protocol import Protocol, Take

VEIN_VELOCITY = Protocol(
    name=say("vein_velocity"),
    quantity="popliteal vein peak velocity",
    unit="cm/s",
    posture="lying",
    take="highest",
    why=(
        say("lying: the published figures of a resting vein are taken so; sitting alone lowers them"),
        say("highest of three: a beam that misses the middle of the vessel reads too low, never too high"),
    ),
    still="popliteal_vein_supine_rest",
    moved="popliteal_vein_sitting_rest",
)
ARTERY_VELOCITY = Protocol(
    name=say("artery_velocity"),
    quantity="popliteal artery peak systolic velocity",
    unit="cm/s",
    posture="lying",
    take="highest",
    why=(
        say("lying: the published figures of healthy arteries are taken so"),
        say("highest of three: a beam that misses the middle of the vessel reads too low, never too high"),
    ),
)
ANKLE_BRACHIAL_INDEX = Protocol(
    name=say("ankle_brachial_index"),
    quantity="abi",
    unit="1",
    posture="lying",
    take="middle",
    why=(
        say("lying: sitting adds the weight of the blood column to the pressure at the ankle"),
        say(
            "middle of three: a ratio of two pressures errs to both sides, so the highest would make it look healthier"
        ),
        say("10 minutes of rest: the ankle pressure still falls from 5 to 10 minutes, not after (chuter2013)"),
    ),
    sitting_min=45.0,  # choice: three tries of two arms and two ankles take longer
)
SKIN_TEMPERATURE = Protocol(
    name=say("skin_temperature"),
    quantity="skin temperature",
    unit="Cel",
    posture="lying",
    take="middle",
    why=(
        say("lying, uncovered, in the same room: air, covers and posture change skin more than the time of day does"),
        say("middle of three: contact errs to both sides"),
        say("15 minutes of rest: the skin takes time to reach balance with the room"),
    ),
    rest_min=15.0,  # choice: the usual time of adaptation before thermography
)
PROTOCOLS = {p.name: p for p in (VEIN_VELOCITY, ARTERY_VELOCITY, ANKLE_BRACHIAL_INDEX, SKIN_TEMPERATURE)}


def own_protocol(quantity: str, unit: str, posture: Posture | None, *, take: Take = "middle") -> Protocol:
    """Return a protocol for anything else that a person measures.

    The middle of three readings stands for the sitting, unless a poor try can only be too low (then ``"highest"``).

    Examples
    --------
    >>> own_protocol("calf girth", "cm", "standing").instructions()[0]
    'Measure twice a day: 06:00 to 10:00 and 18:00 to 23:00, always at about the same time.'
    """
    slip = say("the middle of three: one slip does not count")
    why = (slip,) if take == "middle" else (say("poor tries read too low"),)
    return Protocol(name="own", quantity=quantity, unit=unit, posture=posture, take=take, why=why)
