"""Whatever is handed in, reading a case gives a case or a `CaseError` with its problems; nothing else ever."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from soleus.core.case import Case
from soleus.core.problem import Problem
from soleus.exchange.case_file import CaseError, convert_case, parse_case, read_case

fast = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FORMS = st.sampled_from(["toml", "json", "yaml", "yml"])
KEYS = st.sampled_from(
    [field.name for field in msgspec.structs.fields(Case)]
    + ["sites", "timing", "present", "absent", "name", "value", "unit", "low", "high", "result", "agee", ""]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -(10**400)]),
    st.floats(),
    st.text(max_size=20),
    st.text(st.characters(categories=["Cs", "Cc", "Co"]), max_size=3),
    st.sampled_from(["calf", "female", "night", "<0.1", "1e999", "primary_care"]),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(KEYS, st.text(max_size=5)), inner, max_size=4)
    ),
    max_leaves=25,
)
CASES = st.dictionaries(st.one_of(KEYS, st.text(max_size=8)), TREES, max_size=8)


def assert_answered(case: Case, problems: list[Problem]) -> None:
    """A case of the right types that can be written down again, and problems that say something."""
    assert msgspec.convert(msgspec.to_builtins(case), Case) == case
    assert msgspec.json.decode(msgspec.json.encode(case), type=Case).history == case.history
    assert case.age is None or 0 <= case.age <= 120
    for problem in problems:
        assert problem.what
        assert problem.fix
        msgspec.json.encode(problem, enc_hook=str)
        str(problem).encode()


def assert_read(read: Callable[[], tuple[Case, list[Problem]]]) -> None:
    refused: list[Problem] | None = None
    try:
        case, problems = read()
    except CaseError as error:
        refused = error.problems
    if refused is None:
        assert_answered(case, problems)
    else:
        assert refused
        assert all(problem.fix for problem in refused)


def parse(text: str, form: str) -> None:
    assert_read(lambda: parse_case(text, form))


@fast
@given(CASES)
@example({"age": [1, 2]})
@example({"summary": ["a"]})
@example({"sex": ["female"]})
@example({"history": ["\ud800"]})
@example({"\ud800": 1})
@example({"measurements": [{"name": "calcium", "value": 10**400}]})
def test_any_plain_data_gives_a_case_and_problems(data: dict[str, Any]) -> None:
    assert_answered(*convert_case(data))


@fast
@given(CASES)
def test_nothing_is_dropped_in_silence(data: dict[str, Any]) -> None:
    """Every top-level key either is in the case, is empty or impossible, or is named in a problem."""
    case, problems = convert_case(data)
    empty = msgspec.to_builtins(Case())
    kept = msgspec.to_builtins(case)
    for key, value in data.items():
        named = any(p.where.startswith(key.encode("utf-8", "replace").decode()[:100]) for p in problems)
        assert named or kept.get(key) != empty.get(key) or value in (None, "", [], {}, False), key


@fast
@given(TREES)
def test_any_json_is_answered(tree: Any) -> None:
    parse(json.dumps(tree), "json")


@fast
@given(CASES, FORMS)
def test_json_text_in_any_form_is_answered(data: dict[str, Any], form: str) -> None:
    parse(json.dumps(data), form)


@fast
@given(st.text(max_size=200), FORMS)
def test_any_text_is_answered(text: str, form: str) -> None:
    parse(text, form)


TOKENS = ["age", "=", ":", " ", "\n", "- ", "[", "]", "{", "}", '"', "'", "#", "1", "1.5", "nan", ".inf", "true", "~"]
TOKENS += ["!!int ", "!!set ", "&a ", "*a", "<<", "|", ">", "%", "@", "?", ",", ".", "0x", "_", "2024-13-99", "1:2:3"]
TOKENS += ['"\\ud800"', "\t", "---", "...", "history", "cramps", "[[", "]]", "\\", "12:61", "\ufeff"]


@fast
@given(st.lists(st.sampled_from(TOKENS), max_size=25).map("".join), FORMS)
@example("a: !!set [b]", "yaml")
@example('age: !!int "-"', "yaml")
@example("age: 2001-99-99", "yaml")
@example("[[cramps]]\nsites=['calf']", "toml")
def test_any_string_of_marks_is_answered(text: str, form: str) -> None:
    parse(text, form)


@fast
@given(st.binary(max_size=200), st.sampled_from([".toml", ".json", ".yaml", "", ".exe", ".TOML"]))
def test_any_bytes_are_answered(tmp_path: Path, raw: bytes, suffix: str) -> None:
    path = tmp_path / f"case{suffix}"
    path.write_bytes(raw)
    assert_read(lambda: read_case(path))
