"""The screens on which the complaint itself is told: a few lists to tick, each of which stands for findings."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from soleus.core.message import say


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to tick: what it says is there and what it says is not.

    ``denied`` are findings that a person who saw this and left it empty denies, on screens where several can be ticked.
    """

    id: str
    label: str
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """One question with its list; ``many`` when more than one can be ticked."""

    id: str
    question: str
    hint: str
    many: bool
    options: tuple[Option, ...]


def _place(finding: str, label: str) -> Option:
    return Option(id=finding.removeprefix("site_"), label=label, present=(finding,), denied=(finding,))


def _ease(finding: str, label: str) -> Option:
    return Option(id=finding.removeprefix("eased_by_"), label=label, present=(finding,))


EMPTY_IS_NO = say("Tick all that fit. What you leave empty counts as no.")
EMPTY_IS_OPEN = say("Tick what has helped. What you leave empty stays open.")
NEAREST = say("Choose what fits best.")

SCREENS: tuple[Screen, ...] = (
    Screen(
        id="where",
        question=say("Where is it?"),
        hint=EMPTY_IS_NO,
        many=True,
        options=(
            _place("site_calf", say("Calf")),
            _place("site_foot", say("Foot or toes")),
            _place("site_thigh", say("Thigh, front or back")),
            _place("site_buttock", say("Buttock")),
            _place("site_hands_arms", say("Hands or arms as well")),
            _place("site_trunk_or_face", say("Belly, back, neck or face as well")),
        ),
    ),
    Screen(
        id="when",
        question=say("When does it come?"),
        hint=EMPTY_IS_NO,
        many=True,
        options=(
            Option(id="night", label=say("At night or in bed"), present=("at_night", "at_rest"), denied=("at_night",)),
            Option(
                id="resting", label=say("By day, sitting or lying"), present=("at_rest",), absent=("only_at_night",)
            ),
            Option(
                id="walking",
                label=say("While walking or exercising"),
                present=("on_exertion",),
                absent=("only_at_night",),
                denied=("on_exertion",),
            ),
            Option(
                id="after_effort",
                label=say("Within a day after unusual effort"),
                present=("after_exertion",),
                denied=("after_exertion",),
            ),
            Option(
                id="always",
                label=say("It is there all the time"),
                present=("continuous_pain",),
                absent=("only_at_night",),
                denied=("continuous_pain",),
            ),
        ),
    ),
    Screen(
        id="how_long",
        question=say("How long does one attack last?"),
        hint=NEAREST,
        many=False,
        options=(
            Option(
                id="minutes",
                label=say("Seconds, or up to ten minutes"),
                present=("lasts_seconds_to_minutes",),
                absent=("lasts_over_ten_minutes",),
            ),
            Option(
                id="longer",
                label=say("Longer than ten minutes"),
                present=("lasts_over_ten_minutes",),
                absent=("lasts_seconds_to_minutes",),
            ),
        ),
    ),
    Screen(
        id="since",
        question=say("How long have you had it?"),
        hint=NEAREST,
        many=False,
        options=(
            Option(id="days", label=say("For hours or days"), present=("onset_acute",)),
            Option(id="weeks", label=say("For weeks, up to three months"), present=("onset_subacute",)),
            Option(id="months", label=say("For longer than three months"), present=("onset_chronic",)),
            Option(id="childhood", label=say("Since childhood or youth"), present=("onset_childhood", "onset_chronic")),
        ),
    ),
    Screen(
        id="how_often",
        question=say("How often does it come?"),
        hint=NEAREST,
        many=False,
        options=(
            Option(
                id="seldom",
                label=say("Less than once a week"),
                absent=("weekly_or_more", "every_day", "several_a_day"),
            ),
            Option(
                id="weekly",
                label=say("Once a week or more"),
                present=("weekly_or_more",),
                absent=("every_day", "several_a_day"),
            ),
            Option(
                id="daily",
                label=say("Every day or every night"),
                present=("every_day", "weekly_or_more"),
                absent=("several_a_day",),
            ),
            Option(
                id="more",
                label=say("Several times a day or night"),
                present=("several_a_day", "every_day", "weekly_or_more"),
            ),
        ),
    ),
    Screen(
        id="eases",
        question=say("What makes it let go?"),
        hint=EMPTY_IS_OPEN,
        many=True,
        options=(
            _ease("eased_by_stretching", say("Pulling the toes up, stretching the muscle")),
            _ease("eased_by_moving", say("Moving the legs or walking about")),
            _ease("eased_by_rest", say("Standing still or resting for a few minutes")),
            _ease("eased_by_sitting_or_bending", say("Sitting down or leaning forward")),
            _ease("eased_by_hanging_leg_down", say("Hanging the leg out of bed")),
            _ease("eased_by_elevation", say("Putting the legs up")),
        ),
    ),
)
BY_ID = {screen.id: screen for screen in SCREENS}


def findings_of(screen: Screen) -> frozenset[str]:
    """Return all findings that a screen asks about."""
    return frozenset(f for option in screen.options for f in (*option.present, *option.absent, *option.denied))


def read_choices(screen: Screen, chosen: Iterable[str]) -> dict[str, bool]:
    """Return the findings that the ticks on a screen stand for; none when nothing was ticked.

    Examples
    --------
    >>> read_choices(BY_ID["when"], ["night"])
    {'on_exertion': False, 'after_exertion': False, 'continuous_pain': False, \
'at_night': True, 'at_rest': True, 'only_at_night': True}
    >>> read_choices(BY_ID["when"], [])
    {}
    """
    wanted = set(chosen)
    ticked = [option for option in screen.options if option.id in wanted]
    if not ticked:
        return {}
    found: dict[str, bool] = {}
    if screen.many:
        found |= {f: False for option in screen.options if option not in ticked for f in option.denied}
    found |= {f: False for option in ticked for f in option.absent}
    found |= {f: True for option in ticked for f in option.present}
    if screen.id == "when" and [option.id for option in ticked] == ["night"]:
        found["only_at_night"] = True
    return found
