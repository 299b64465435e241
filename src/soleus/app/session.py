"""Everything a command or a page needs, loaded once: evidence, network and word lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from soleus.app.record_case import Shown


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
        questions: bool | None = None,
        shown: Iterable[Shown] = (),
    ) -> Assessment:
        """Return the assessment of a case; `problems` found in reading it come first in the answer.

        ``shown`` says in words which entries of a record stand behind findings of the case.
        """
        found = list(problems or ())
        if isinstance(case, dict):
            case, more = convert_case(case)
            found += more
        facts = self.understand(case)
        words = {item.finding: item.words for item in shown}
        told = tuple(
            msgspec.structs.replace(fact, words=words[fact.finding], where="diary")
            if fact.where == "findings" and fact.finding in words
            else fact
            for fact in facts.facts
        )
        facts = msgspec.structs.replace(facts, facts=told, problems=(*found, *facts.problems))
        return assess_facts(self.network, facts, case_id=case.id, draws=draws, steps=steps, questions=questions)


@lru_cache(maxsize=1)
def load_session() -> Session:
    """Return the session of the installed evidence base, loaded at the first call."""
    evidence = load_evidence()
    return Session(evidence, compile_network(evidence), build_word_lists(evidence))
