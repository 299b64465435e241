"""Reading a case file: every mistake is told with its place and how to mend it, and costs no more than itself."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from soleus.core.case import Case, Measurement
from soleus.core.problem import Problem
from soleus.exchange.case_file import MOST_BYTES, CaseError, convert_case, decode_case, parse_case, read_case

EXAMPLES = sorted(path for path in (Path(__file__).parents[3] / "examples").iterdir() if path.is_file())


def refusal(text: str, form: str) -> Problem:
    with pytest.raises(CaseError) as caught:
        parse_case(text, form)
    [problem] = caught.value.problems
    assert problem.level == "error"
    assert problem.what
    assert problem.fix
    return problem


def one(data: dict[str, object]) -> tuple[Case, Problem]:
    case, problems = convert_case(data)
    [problem] = problems
    assert problem.level == "error"
    assert problem.why
    assert problem.fix
    return case, problem


# --- files that are no case -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "code", "fix"),
    [
        ("empty.toml", b"", "empty", "at least an age"),
        ("blank.json", b" \n\t", "empty", "at least an age"),
        ("bom.json", b"\xef\xbb\xbf", "empty", "at least an age"),
        ("picture.toml", b"\x89PNG\r\n\x1a\n\x00\xff", "binary", "UTF-8"),
        ("zero.toml", b"age = 4\x00", "binary", "UTF-8"),
        ("utf16.json", '{"age": 4}'.encode("utf-16"), "binary", "UTF-8"),
        ("large.toml", b"# " + b"x" * 10_000_000, "too_large", "1,000,000"),
        ("case.exe", b"age = 4", "unknown_format", ".toml"),
        ("case.docx", b"age = 4", "unknown_format", ".toml"),
        ("list.json", b"[1, 2]", "not_a_case", "examples/"),
        ("null.json", b"null", "not_a_case", "examples/"),
        ("nothing.json", b"{}", "not_a_case", "examples/"),
        ("word.yaml", b"hello", "not_a_case", "examples/"),
        ("comment.toml", b"# nothing yet", "not_a_case", "examples/"),
        ("broken.toml", b"age = ", "syntax", "TOML"),
        ("broken.json", b'{"age": }', "syntax", "JSON"),
        ("broken.yaml", b"a: [", "syntax", "YAML"),
    ],
)
def test_a_file_that_is_no_case_is_refused_with_a_reason(
    tmp_path: Path, name: str, content: bytes, code: str, fix: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CaseError) as caught:
        read_case(path)
    [problem] = caught.value.problems
    assert problem.code == code
    assert problem.where == str(path)
    assert fix in problem.fix
    assert code in str(caught.value)


def test_a_folder_and_a_missing_file_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="this is a folder"):
        read_case(tmp_path)
    with pytest.raises(CaseError, match="No such file"):
        read_case(tmp_path / "nobody.toml")
    with pytest.raises(CaseError, match="not_readable"):
        read_case(Path("a\0b"))


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this machine has no endless file")
def test_an_endless_file_is_read_only_as_far_as_a_case_may_reach() -> None:
    with pytest.raises(CaseError, match="too_large"):
        read_case(Path("/dev/zero"))


def test_the_limit_of_size_holds_for_every_way_in() -> None:
    assert len(decode_case(b"#" * MOST_BYTES, "standard input")) == MOST_BYTES
    with pytest.raises(CaseError, match="standard input"):
        decode_case(b"#" * (MOST_BYTES + 1), "standard input")


# --- the three forms ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_read_without_a_problem(path: Path) -> None:
    case, problems = read_case(path)
    assert problems == []
    assert case.id == path.stem


def test_the_same_case_in_three_forms_is_the_same_case() -> None:
    toml = 'age = 68\nhistory = ["diabetes"]\n[[measurements]]\nname = "calcium"\nvalue = 2.1\n'
    json = '{"age": 68, "history": ["diabetes"], "measurements": [{"name": "calcium", "value": 2.1}]}'
    yaml = "age: 68\nhistory: [diabetes]\nmeasurements:\n  - {name: calcium, value: 2.1}\n"
    cases = [parse_case(text, form) for text, form in ((toml, "toml"), (json, "json"), (yaml, "yaml"), (yaml, "yml"))]
    assert cases[0] == cases[1] == cases[2] == cases[3]
    assert cases[0][0].measurements == (Measurement(name="calcium", value=2.1),)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "CASE.TOML"
    path.write_bytes(b"\xef\xbb\xbfage = 40\r\nsex = 'male'\r\n")
    assert read_case(path) == (Case(age=40, sex="male"), [])


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("age = 1\nage = 2", "toml"),
        ("[cramps]\nsites = []\n[cramps]\nsites = []", "toml"),
        ('{"age": 1, "age": 2}', "json"),
        ('{"cramps": {"sites": ["calf"], "sites": []}}', "json"),
        ("age: 1\nage: 2", "yaml"),
        ("cramps:\n  timing: night\n  timing: day", "yaml"),
    ],
)
def test_a_key_given_twice_is_refused_not_half_used(text: str, form: str) -> None:
    problem = refusal(text, form)
    assert problem.code == "syntax"
    assert "once" in problem.fix


@pytest.mark.parametrize("text", ['{"age": NaN}', '{"age": Infinity}', '{"measurements": [{"value": -Infinity}]}'])
def test_json_knows_no_nan(text: str) -> None:
    assert "not a number" in refusal(text, "json").what


def test_yaml_aliases_are_refused_before_they_unfold() -> None:
    layers = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    layers += [f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in zip("abcdefgh", "bcdefghi", strict=True)]
    start = time.perf_counter()
    assert "aliases" in refusal("\n".join(layers), "yaml").what
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    "text",
    [
        "age: !!python/object/apply:os.system [ls]",
        'age: !!int ""',
        "age: !!bool x",
        "age: !!timestamp x",
        "cramps: !!map [1]",
        "history: !!set {a, b}",
        "id: !!binary aGk=",
        "age: !years 4",
    ],
)
def test_yaml_tags_are_refused(text: str) -> None:
    assert "tags" in refusal(text, "yaml").what


def test_a_yaml_key_that_is_no_word_is_refused() -> None:
    assert "not a word" in refusal("? [1]\n: 2", "yaml").what
    assert "not a word" in refusal("1: 2", "yaml").what


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("[" * 100_000, "json"),
        ('{"history":' * 20_000, "json"),
        ("[" * 20_000, "yaml"),
        ("age = " + "[" * 100_000, "toml"),
        ("a." * 400_000 + "b = 1", "toml"),
        ("x = {" + "a." * 400_000 + "b = 1}", "toml"),
    ],
)
def test_deep_nesting_is_refused_quickly(text: str, form: str) -> None:
    start = time.perf_counter()
    assert refusal(text, form).code in ("too_deep", "syntax")
    assert time.perf_counter() - start < 5


def test_nesting_that_parses_but_is_no_case_costs_only_its_field() -> None:
    deep = '{"age": 50, "history": ' + "[" * 40 + "]" * 40 + "}"
    case, problems = parse_case(deep, "json")
    assert case.age == 50
    assert [(p.code, p.where) for p in problems] == [("wrong_type", "history")]


# --- one mistake costs only itself ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "near"),
    [("agee", "age"), ("medicin", "medicines"), ("symptom", "symptoms"), ("measurement", "measurements")],
)
def test_an_unknown_key_is_told_with_the_nearest_one(key: str, near: str) -> None:
    case, problem = one({key: 1, "sex": "male"})
    assert problem.code == "unknown_key"
    assert problem.where == key
    assert near in problem.fix
    assert case == Case(sex="male")


def test_an_unknown_key_without_a_near_one_lists_what_there_is() -> None:
    _, problem = one({"zzz": 1})
    assert "history" in problem.fix


def test_an_unknown_key_inside_a_part_has_its_whole_place() -> None:
    case, problem = one({"cramps": {"site": ["calf"], "timing": "night"}})
    assert problem.where == "cramps.site"
    assert "sites" in problem.fix
    assert case.cramps.timing == "night"


WRONG: list[tuple[dict[str, object], str]] = [
    ({"age": "forty"}, "age"),
    ({"age": [40, 41]}, "age"),
    ({"age": {"years": 40}}, "age"),
    ({"age": True}, "age"),
    ({"age": 10**400}, "age"),
    ({"id": 7}, "id"),
    ({"summary": ["a"]}, "summary"),
    ({"sex": "woman"}, "sex"),
    ({"sex": ["female"]}, "sex"),
    ({"pregnant": "no"}, "pregnant"),
    ({"setting": "home"}, "setting"),
    ({"cramps": None}, "cramps"),
    ({"cramps": ["calf"]}, "cramps"),
    ({"cramps": {"sites": "calf"}}, "cramps.sites"),
    ({"cramps": {"sites": ["calf", 1]}}, "cramps.sites[1]"),
    ({"history": "diabetes"}, "history"),
    ({"history": {"diabetes": True}}, "history"),
    ({"history": ["diabetes", None]}, "history[1]"),
    ({"history": ["diabetes", ["gout"]]}, "history[1]"),
    ({"history": ["half a pair \ud800"]}, "history[0]"),
    ({"symptoms": ["swelling"]}, "symptoms"),
    ({"symptoms": {"present": {"a": 1}}}, "symptoms.present"),
    ({"measurements": {"name": "calcium", "value": 2.1}}, "measurements"),
    ({"measurements": [{"name": "calcium"}]}, "measurements[0]"),
    ({"measurements": [{"name": "calcium", "value": 2.1, "unit": 5}]}, "measurements[0].unit"),
    ({"tests": [{"name": "ECG"}]}, "tests[0]"),
    ({"findings": ["calcium_low"]}, "findings"),
    ({"findings": {"calcium_low": "yes"}}, "findings.calcium_low"),
    ({"not_known": "calcium_low"}, "not_known"),
]


@pytest.mark.parametrize(("data", "where"), WRONG, ids=[str(data)[:50] for data, _ in WRONG])
def test_a_wrong_type_is_told_at_its_place_and_the_rest_is_kept(data: dict[str, object], where: str) -> None:
    case, problem = one({**data, "not_known" if "age" in data else "age": [] if "age" in data else 61})
    assert problem.code == "wrong_type"
    assert problem.where == where
    assert case.age == (None if "age" in data else 61)
    msgspec.json.encode(case)


def test_a_word_where_a_list_belongs_says_how_a_list_is_written() -> None:
    _, problem = one({"history": "diabetes"})
    assert "square brackets" in problem.fix


def test_right_items_beside_wrong_ones_are_kept() -> None:
    case, problems = convert_case(
        {
            "history": ["diabetes", 1, "gout"],
            "findings": {"calcium_low": True, "dvt": "yes"},
            "measurements": [{"name": "calcium", "value": 2.1, "colour": "red"}, {"value": 3}, "x"],
        }
    )
    assert case.history == ("diabetes", "gout")
    assert case.findings == {"calcium_low": True}
    assert case.measurements == (Measurement(name="calcium", value=2.1),)
    assert sorted(p.where for p in problems) == sorted(
        ["history[1]", "findings.dvt", "measurements[0].colour", "measurements[1]", "measurements[2]"]
    )


@pytest.mark.parametrize("age", [float("nan"), float("inf"), -1.0, 121.0, 1e300])
def test_an_impossible_age_is_not_used(age: float) -> None:
    case, problem = one({"age": age})
    assert (problem.code, problem.where) == ("impossible_value", "age")
    assert case.age is None


@pytest.mark.parametrize("month", [float("nan"), -1.0, 11.0])
def test_an_impossible_month_is_not_used(month: float) -> None:
    case, problem = one({"pregnancy_month": month, "sex": "female"})
    assert (problem.code, problem.where) == ("impossible_value", "pregnancy_month")
    assert case.pregnancy_month is None


@pytest.mark.parametrize("field", ["value", "low", "high"])
@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_reading_that_is_no_number_is_not_used_and_its_neighbor_is(field: str, number: float) -> None:
    good = {"name": "calcium", "value": 2.3}
    case, problem = one({"measurements": [{**good, field: number}, good]})
    assert (problem.code, problem.where) == ("impossible_value", "measurements[0]")
    assert case.measurements == (Measurement(name="calcium", value=2.3),)


def test_a_whole_number_of_hundreds_of_digits_is_no_reading() -> None:
    case, problem = one({"measurements": [{"name": "calcium", "value": 10**400}]})
    assert problem.code == "impossible_value"
    assert case.measurements == ()


def test_a_pregnant_man_is_told_as_a_contradiction() -> None:
    case, problem = one({"pregnant": True, "sex": "male"})
    assert problem.code == "contradiction"
    assert case.pregnant is None
    assert case.sex == "male"


HOSTILE = [
    "\x1b[2J\x07",
    "\u202egnilles",
    "'; DROP TABLE cases; --",
    "<script>alert(1)</script>",
    "{{7*7}}{% raw %}",
    "../../etc/passwd",
    "%s%n%d {0} {}",
    "a" * 100_000,
    "\ufffe\uffff",
    "z" + "\u0301" * 500,
    "(" * 5_000,
    "𝕔𝕒𝕝𝕗 🦵",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_words_are_only_words(text: str) -> None:
    case, problems = convert_case({"id": text, "history": [text], "summary": text, text: 1})
    assert case.history == (text,)
    [problem] = problems
    assert problem.code == "unknown_key"
    assert len(str(problem)) < 1000
    assert msgspec.json.decode(msgspec.json.encode(case), type=Case) == case
