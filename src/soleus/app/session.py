"""Everything a command or a page needs, loaded once: evidence, network and word lists."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from soleus.core.assessment import Assessment
from soleus.core.case import Case, Facts
from soleus.core.problem import Problem
from soleus.exchange.case_file import convert_case
from soleus.knowledge.load import load_evidence
from soleus.knowledge.schema import Evidence
from soleus.knowledge.understand import understand
from soleus.knowledge.word_lists import WordLists, build_word_lists
from soleus.reasoning.assess import DRAWS, assess_facts
from soleus.reasoning.network import Network, compile_network


@dataclass(frozen=True, slots=True)
class Session:
    """The evidence base, its compiled network and its word lists."""

    evidence: Evidence
    network: Network
    words: WordLists

    def understand(self, case: Case) -> Facts:
        """Return what a case says in the terms of the evidence base."""
        return understand(case, self.evidence, self.words)

    def assess(
        self,
        case: Case | dict[str, Any],
        *,
        problems: list[Problem] | None = None,
        draws: int = DRAWS,
        steps: bool = True,
    ) -> Assessment:
        """Return the assessment of a case; `problems` found in reading it come first in the answer."""
        found = list(problems or ())
        if isinstance(case, dict):
            case, more = convert_case(case)
            found += more
        facts = self.understand(case)
        facts = msgspec.structs.replace(facts, problems=(*found, *facts.problems))
        return assess_facts(self.network, facts, case_id=case.id, draws=draws, steps=steps)


@lru_cache(maxsize=1)
def load_session() -> Session:
    """Return the session of the installed evidence base, loaded at the first call."""
    evidence = load_evidence()
    return Session(evidence, compile_network(evidence), build_word_lists(evidence))
