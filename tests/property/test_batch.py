"""A batch through the compiled kernel gives every person the single assessment's posterior, to 1e-9.

Compared: P(true cramp), present, explains, background and other, on people with random findings of the real evidence
base, readings among them. Both ways are exact; 1e-9 leaves room for the order of additions only.
"""

from __future__ import annotations

import numpy as np
import pytest

from soleus.app.session import load_session
from soleus.core.case import Fact, Facts, Person, Reading
from soleus.reasoning.batch import Inferrer
from soleus.reasoning.batch_people import gather_people
from soleus.reasoning.network import Network, person_parameters
from soleus.reasoning.observation import observe
from soleus.reasoning.posterior import compute_posterior


def random_people(network: Network, count: int) -> list[Facts]:
    rng = np.random.default_rng(7)
    people = []
    for _ in range(count):
        chosen = rng.choice(len(network.findings), size=int(rng.integers(0, 25)), replace=False)
        facts = tuple(
            Fact(finding=network.findings[i], present=bool(rng.random() < 0.35), words="", where="")
            for i in sorted(chosen)
        )
        readings = ()
        if rng.random() < 0.5:
            readings = (
                Reading(quantity="calcium", value=float(rng.normal(2.3, 0.15)), words=""),
                Reading(quantity="potassium", value=float(rng.normal(4.0, 0.6)), words=""),
            )
        person = Person(
            age=float(rng.integers(1, 95)) if rng.random() < 0.8 else None,
            sex="female" if rng.random() < 0.5 else "male",
            pregnancy_month=None,
            setting="emergency" if rng.random() < 0.2 else None,
        )
        people.append(Facts(person=person, facts=facts, readings=readings))
    return people


def test_a_batch_equals_single_assessments() -> None:
    network = load_session().network
    people = random_people(network, 60)
    batch = Inferrer(network).infer(gather_people(people))
    assert not batch.status.any()
    for i, facts in enumerate(people):
        observed = observe(network, facts)
        parameters = person_parameters(network, observed.person, observed.state)
        single = compute_posterior(network, parameters, *observed.arrays(network, observed.observations))
        for name in ("cramp", "present", "explains", "background", "other"):
            assert getattr(batch, name)[i] == pytest.approx(getattr(single, name)[0], abs=1e-9), (i, name)
