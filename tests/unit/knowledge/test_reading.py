"""What a phrase must not be read as: someone else's illness, the past, intervals, aside remarks and look-alikes.

Each pair is a phrase in words of its own and everything that may be read from it; the rule behind it is named above.
"""

from __future__ import annotations

from functools import cache

import pytest

from soleus.knowledge.lexicon import Lexicon
from soleus.knowledge.load import load_evidence
from soleus.knowledge.resolve import resolve
from soleus.knowledge.vocabulary import Field
from soleus.knowledge.word_lists import build_word_lists


@cache
def words() -> Lexicon:
    return build_word_lists(load_evidence()).words


def told(phrase: str, field: Field, *, absent: bool = False) -> set[str]:
    answer = resolve(phrase, field, words(), absent=absent)
    return {match.finding if match.present else f"no {match.finding}" for match in answer.matches}


@pytest.mark.parametrize(
    ("phrase", "findings"),
    [
        ("husband on insulin for diabetes", set()),
        ("neighbour had a stroke", set()),
        ("our cat has kidney failure", set()),
        ("flatmate with epilepsy", set()),
        ("pregnant sister is staying with us", set()),
        ("diabetic, wife is well", {"diabetes"}),
        ("cramps while walking with the dog", {"on_exertion"}),
    ],
)
def test_an_illness_of_somebody_near_is_not_the_patients(phrase: str, findings: set[str]) -> None:
    assert told(phrase, "history") == findings


@pytest.mark.parametrize(
    ("phrase", "findings"),
    [
        ("hepatitis at 30, cured", set()),
        ("acute tubular necrosis, fully recovered", set()),
        ("neuropathy, resolved", set()),
        ("hyperthyroidism cured with radioiodine", set()),
        ("low sodium once", set()),
        ("rhabdomyolysis twice", set()),
        ("stroke 2015, full recovery", {"stroke_past"}),
        ("DVT 2010, resolved", {"previous_dvt"}),
        ("kidney failure, never fully recovered", {"kidney_disease"}),
        ("tested for lupus, negative", {"no autoimmune_disease"}),
        ("attacks of paralysis with full recovery", {"paralysis_attack"}),
    ],
)
def test_what_has_passed_is_no_state_of_today(phrase: str, findings: set[str]) -> None:
    assert told(phrase, "history") == findings


@pytest.mark.parametrize(
    ("phrase", "findings"),
    [
        ("4 weeks after the operation", set()),
        ("two days after a marathon", {"after_exertion"}),
        ("weeks after starting a diuretic", {"onset_after_new_medicine"}),
        ("3 weeks ago", {"onset_subacute"}),
        ("four hours ago", {"onset_acute"}),
        ("worsening over the last 5 months", {"getting_worse"}),
        ("came on over half an hour", set()),
        ("20 min into a run", {"on_exertion"}),
    ],
)
def test_the_time_since_another_event_is_not_the_time_since_onset(phrase: str, findings: set[str]) -> None:
    assert told(phrase, "onset") == findings


@pytest.mark.parametrize(
    ("phrase", "findings"),
    [
        ("climbing stairs without any trouble", {"no on_exertion"}),
        ("no difficulty with swimming", {"no on_exertion"}),
        ("cycling is fine", {"no on_exertion"}),
        ("walking without shoes", {"on_exertion"}),
        ("getting up from sitting", {"on_standing"}),
        ("overbreathing", set()),
        ("long-distance driving", {"long_travel"}),
        ("before the tablet wears off", set()),
    ],
)
def test_triggers(phrase: str, findings: set[str]) -> None:
    assert told(phrase, "trigger") == findings


@pytest.mark.parametrize(
    ("phrase", "findings"),
    [
        # a denial stops where the phrase turns, and knows what it is about
        ("calf pain irrespective of walking", {"site_calf", "no on_exertion"}),
        ("cramps unrelated to exercise", {"no on_exertion"}),
        ("no pain, more a heaviness of the legs", {"leg_heaviness"}),
        ("no cramps in the toes, mainly the calf", {"no site_foot", "site_calf"}),
        ("swelling of both ankles, not just the left", {"leg_swelling_both"}),
        ("spasms without pain", {"painless"}),
        ("pain without spasm", {"pain_without_knot"}),
        ("lost weight without trying, palpitations", {"weight_loss", "palpitations"}),
        # how often a circumstance comes is not how often the cramp does
        ("cramps, rarely followed by soreness", set()),
        ("period pains and menstrual cramps every month", set()),
        # times
        ("spasms lasting 10 minutes or longer", {"lasts_over_ten_minutes"}),
        ("calf tender for three days after the attack", {"calf_tenderness"}),
        ("leg pain at night, fine in the morning", {"at_night"}),
        ("leg pain since last week", {"onset_subacute"}),
        # what eases stands behind "by"
        ("pain on walking relieved by rest", {"on_exertion", "eased_by_rest"}),
        # one word, another meaning
        ("urge to sneeze", set()),
        ("lost two days on a wasted journey", set()),
        ("weak tea", set()),
        ("cramped office", set()),
        ("lean on the shopping trolley", {"eased_by_sitting_or_bending"}),
        ("red meat", set()),
        ("hyperventilates", set()),
        ("blurry vision", set()),
        ("thready pulse", set()),
        ("thigh cramp at the back when sitting", {"site_thigh", "at_rest"}),
        ("sore calf after cramp", {"soreness_after", "site_calf"}),
    ],
)
def test_symptoms(phrase: str, findings: set[str]) -> None:
    assert told(phrase, "symptom") == findings


@pytest.mark.parametrize(
    ("phrase", "findings"),
    [
        ("ankle jerks absent, knee jerks normal", {"reflexes_reduced"}),
        ("hip flexion 4/5, otherwise full power", {"weakness_on_testing"}),
        ("flexor spasms of both legs", {"both_sides"}),
        ("hip extensors strong", set()),
        ("extensor plantars", {"babinski_sign"}),
        ("CRT 6 s", {"capillary_refill_slow"}),
        ("capillary refill 2 seconds", {"no capillary_refill_slow"}),
        ("neurologically intact", {"neurological_examination_normal"}),
        ("facial myokymia", set()),
    ],
)
def test_signs(phrase: str, findings: set[str]) -> None:
    given = told(phrase, "sign")
    assert given == findings


@pytest.mark.parametrize(
    ("phrase", "findings"),
    [
        ("knee jerks", {"reflexes_reduced"}),
        ("foot pulses", {"pulses_weak"}),
        ("vibration sense at the ankles", {"vibration_reduced"}),
        ("brisk reflexes", {"no reflexes_brisk"}),
        ("abdominal reflexes", set()),
    ],
)
def test_what_every_healthy_person_has_is_missing_when_listed_as_absent(phrase: str, findings: set[str]) -> None:
    assert told(phrase, "sign", absent=True) == findings


@pytest.mark.parametrize(
    ("phrase", "findings"),
    [
        ("non-smoker", {"no smoker"}),
        ("never smoked", {"no smoker", "no ex_smoker"}),
        ("drinks 100 g of alcohol a day", {"heavy_alcohol"}),
        ("alcohol 10 g daily", set()),
        ("no kidney, liver or thyroid disease", {"no kidney_disease", "no liver_disease"}),
        ("adder bite", set()),
        ("parathyroid adenoma", {"pth_high"}),
        ("gives blood regularly", {"iron_deficiency"}),
        ("arm in plaster, immobilised in a cast", {"recent_surgery_or_cast"}),
        ("neuroleptic-induced parkinsonism", set()),
        ("hyperuricaemia", set()),
    ],
)
def test_history(phrase: str, findings: set[str]) -> None:
    assert told(phrase, "history") >= findings
    assert told(phrase, "history") - findings <= {"no thyroid_disease", "no hypothyroidism_known"}


@pytest.mark.parametrize(
    ("phrase", "findings"),
    [
        ("MRI: L4/5 canal narrowing", {"mri_stenosis"}),
        ("MRI knee: degenerative change", set()),
        ("nerve and muscle biopsy abnormal", set()),
        ("urine dipstick blood 2+ no red cells", {"urine_blood_no_cells"}),
    ],
)
def test_tests(phrase: str, findings: set[str]) -> None:
    assert told(phrase, "test") == findings


@pytest.mark.parametrize(
    ("phrase", "findings"),
    [("9 times a week", {"weekly_or_more"}), ("7 nights a week", {"every_day"}), ("every single night", {"every_day"})],
)
def test_more_than_seven_a_week_need_not_be_every_day(phrase: str, findings: set[str]) -> None:
    assert told(phrase, "frequency") == findings
