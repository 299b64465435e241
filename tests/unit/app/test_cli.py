"""The command ``soleus`` as a person and as a program use it: exit codes, never a traceback, never an empty answer."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from soleus.app.cli.main import main
from soleus.core.assessment import Assessment
from soleus.core.case import Case
from soleus.exchange.case_file import read_case
from soleus.knowledge.load import EvidenceError, load_evidence

EXAMPLES = sorted(path for path in (Path(__file__).parents[3] / "examples").iterdir() if path.is_file())
NIGHT = next(path for path in EXAMPLES if path.stem == "night_cramps_68")
Output = pytest.CaptureFixture[str]
PARTS = ["causes", "findings", "quantities", "doppler", "remedies", "red_flags", "sayings", "scores", "policy"]
PARTS += ["references"]

RICH = {
    "id": "rich",
    "age": 71,
    "sex": "female",
    "cramps": {"sites": ["calf", "foot"], "timing": "night", "frequency": "every night", "relieved_by": ["stretching"]},
    "history": ["diabetes", "high blood pressure", "hysterectomy"],
    "medicines": ["furosemide", "atorvastatin", "omeprazole"],
    "symptoms": {"present": ["numb feet", "tingling around the mouth"], "absent": ["back pain", "leg swelling"]},
    "signs": {"present": ["weak pulses"], "absent": ["Trousseau sign"]},
    "measurements": [
        {"name": "calcium", "value": 2.05, "unit": "mmol/L"},
        {"name": "calcium", "value": 2.1, "unit": "mmol/L"},
        {"name": "magnesium", "value": 0.6, "unit": "mmol/L"},
    ],
    "tests": [{"name": "ECG", "result": "normal"}],
}


@pytest.fixture
def case_file(tmp_path: Path) -> Callable[..., str]:
    def write(content: str | bytes | dict[str, Any], name: str = "case.json") -> str:
        path = tmp_path / name
        if isinstance(content, dict):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def run(*arguments: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "soleus.app.cli.main", *arguments],
        input=stdin,
        capture_output=True,
        timeout=60,
        env={**os.environ, **environment},
        check=False,
    )


# --- assess ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_answered(path: Path, capsys: Output) -> None:
    code = main(["assess", str(path)])
    out = capsys.readouterr().out
    assert code == (1 if "error:" in out.lower() and path.stem == "unit_slip" else 0)
    assert path.stem in out
    assert "not a medical device" in " ".join(out.split())
    assert all(len(line) <= 100 for line in out.splitlines())


def test_a_mistake_in_the_case_is_answered_and_told(case_file: Callable[..., str], capsys: Output) -> None:
    code = main(["assess", case_file({**RICH, "agee": 70})])
    assert code == 1
    out = capsys.readouterr().out
    assert "agee" in out
    assert "did you mean age" in " ".join(out.split())
    assert "CALCIUM" in out.upper()


@pytest.mark.parametrize(
    ("content", "name", "code_word"),
    [
        ("", "case.toml", "empty"),
        (b"\xff\xfe\x00", "case.json", "binary"),
        ("[1, 2]", "case.json", "not_a_case"),
        ('{"age": 1, "age": 2}', "case.json", "syntax"),
        ("age = ", "case.toml", "syntax"),
        ("a: &a 1\nb: *a", "case.yaml", "syntax"),
        ("age = 4", "case.pdf", "unknown_format"),
        ("#" * 2_000_000, "case.toml", "too_large"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_what_can_not_be_read_is_refused_with_a_reason(
    case_file: Callable[..., str], capsys: Output, content: str, name: str, code_word: str, as_json: bool
) -> None:
    assert main(["assess", case_file(content, name), *(["--json"] if as_json else [])]) == 2
    captured = capsys.readouterr()
    assert f"[{code_word}]" in captured.err
    assert "To mend it:" in captured.err
    if as_json:
        assert json.loads(captured.out)["problems"][0]["code"] == code_word
    else:
        assert captured.out == ""


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path, capsys: Output) -> None:
    assert main(["assess", str(tmp_path / "nobody.toml")]) == 2
    assert main(["assess", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert "[not_readable]" in err
    assert "[is_a_folder]" in err
    assert err.count("this is a folder") == 1


STRANGE: list[dict[str, Any]] = [
    {"id": "nothing known"},
    {"age": 0},
    {"age": 120, "sex": "male", "setting": "dialysis_unit"},
    {"age": "forty", "history": "diabetes", "cramps": ["calf"], "findings": {"calcium_low": "yes"}},
    {
        "history": [""],
        "medicines": [""],
        "symptoms": {"present": [""], "absent": [""]},
        "tests": [{"name": "", "result": ""}],
    },
    {"history": ["\x1b[2J\x07 clear", "\u202egnilles", "<script>", "𝕔𝕒𝕝𝕗 🦵", "no " * 300, "a" * 20_000]},
    {"history": ["half a pair \ud800"]},
    {"measurements": [{"name": "calcium", "value": v} for v in (0, -1, 1e300, "<1", ">3", "2,1", "abc", "", "1e999")]},
    {"measurements": [{"name": "calcium", "value": 2.1, "low": 220, "high": -5}, {"name": "???", "value": 10**400}]},
    {"measurements": [{"name": "calcium", "value": 2.36, "low": 1e-300}]},
    {"measurements": [{"name": "TSH", "value": 0}, {"name": "CK", "value": 10**15}]},
    {"findings": {"nothing_like_this": True, "": False}, "not_known": ["nothing_like_this", "age"]},
    {"pregnant": True, "sex": "male", "pregnancy_month": 9},
    {"pregnancy_month": 0, "pregnant": True},
    {"age_band": "thirty", "cramps": {"timing": "", "duration": "forever", "frequency": "-3"}},
    {"symptoms": {"present": ["swollen calf"], "absent": ["swollen calf"]}},
]


@pytest.mark.parametrize("data", STRANGE, ids=range(len(STRANGE)))
def test_a_strange_case_is_answered_too(case_file: Callable[..., str], capsys: Output, data: dict[str, Any]) -> None:
    path = case_file(data)
    assert main(["assess", path]) in (0, 1)
    text = capsys.readouterr().out
    assert len(text.splitlines()) > 20
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "nan" not in text.lower().split()
    assert main(["assess", path, "--json"]) in (0, 1)
    answer = msgspec.json.decode(capsys.readouterr().out, type=Assessment)
    assert len(answer.causes) == 45


def test_every_finding_can_be_told_present_alone_and_absent_together() -> None:
    from soleus.app.session import load_session

    session = load_session()
    findings = session.evidence.findings
    for told in ({}, *({key: True} for key in list(findings)[::4]), dict.fromkeys(findings, False)):
        answer = session.assess({"findings": told}, draws=0, steps=False)
        assert len(answer.causes) == 45
        assert 0 <= answer.cramp.probability.value <= 1
        assert answer.manifest.omitted_mass == 0


@pytest.mark.long
def test_far_too_much_at_once_is_answered_and_said_to_be_rough() -> None:
    from soleus.app.session import load_session

    session = load_session()
    many = dict.fromkeys(list(session.evidence.findings)[::4], True)
    answer = session.assess({"findings": many}, draws=0, steps=False)
    assert len(answer.causes) == 45
    assert {"approximate", "impossible_evidence"} & {problem.code for problem in answer.problems}


def test_the_json_keeps_its_schema(case_file: Callable[..., str], capsys: Output) -> None:
    assert main(["schema", "assessment"]) == 0
    schema = json.loads(capsys.readouterr().out)
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    for data in (RICH, *STRANGE):
        main(["assess", case_file(data), "--json"])
        answer = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
        errors = [f"{list(e.path)}: {e.message[:100]}" for e in validator.iter_errors(answer)]
        assert errors == []
    assert list(validator.iter_errors({"id": "x"})) != []


def test_the_schema_of_a_case_takes_the_examples_and_refuses_mistakes(capsys: Output) -> None:
    assert main(["schema", "case"]) == 0
    schema = json.loads(capsys.readouterr().out)
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    for path in EXAMPLES:
        case = json.loads(msgspec.json.encode(read_case(path)[0]))
        assert list(validator.iter_errors(case)) == [], path
    assert list(validator.iter_errors({"agee": 1})) != []
    assert list(validator.iter_errors({"age": "forty"})) != []


def test_the_page_is_written_whole(tmp_path: Path, case_file: Callable[..., str], capsys: Output) -> None:
    page = tmp_path / "answer.html"
    hostile = {**RICH, "id": "<script>alert(1)</script>", "history": ["<img src=x onerror=alert(1)>"]}
    assert main(["assess", case_file(hostile), "--html", str(page)]) in (0, 1)
    assert str(page) in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    assert "</html>" in text
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_a_page_that_can_not_be_written_is_told(tmp_path: Path, capsys: Output) -> None:
    assert main(["assess", str(NIGHT), "--html", str(tmp_path / "no" / "page.html")]) == 2
    assert "could not be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("raw", "form", "code"),
    [
        (b"age = 68\nsex = 'female'", [], 0),
        (b'{"age": 68}', ["--format", "json"], 0),
        (b"age: 68", ["--format", "yaml"], 0),
        (b'{"age": 68}', [], 2),
        (b"", [], 2),
        (b"age = 68 # \xff", [], 2),
        (b"age = 68\n#" + b"x" * 1_000_000, [], 2),
    ],
)
def test_standard_input_is_read_like_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: Output, raw: bytes, form: list[str], code: int
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
    assert main(["assess", "-", *form]) == code
    captured = capsys.readouterr()
    assert bool(captured.out) == (code == 0)
    assert ("standard input" in captured.err) == (code == 2)


# --- the same answer, the same bytes, at once -----------------------------------------------------------------------


def test_the_same_case_gives_the_same_bytes_whatever_the_hash_seed(case_file: Callable[..., str]) -> None:
    path = case_file(RICH)
    outputs = {run("assess", path, "--json", PYTHONHASHSEED=seed).stdout for seed in ("0", "1", "random")}
    assert len(outputs) == 1
    assert json.loads(outputs.pop())["id"] == "rich"


def test_the_same_case_gives_the_same_bytes_twice(case_file: Callable[..., str], capsys: Output) -> None:
    texts = set()
    for _ in range(2):
        main(["assess", case_file(RICH), "--json"])
        texts.add(capsys.readouterr().out)
    assert len(texts) == 1


def test_no_compiler_and_no_heavy_package_is_loaded_to_answer() -> None:
    program = (
        "import sys\nfrom soleus.app.cli.main import main\n"
        f"main(['assess', {str(NIGHT)!r}])\n"
        "print('LOADED', [m for m in ('numba', 'scipy', 'pandas', 'pyarrow', 'jinja2') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=True)
    assert b"LOADED []" in result.stdout


def test_a_real_process_answers_with_its_exit_code(tmp_path: Path) -> None:
    answered = run("assess", str(NIGHT))
    assert (answered.returncode, answered.stderr) == (0, b"")
    assert b"night_cramps_68" in answered.stdout
    with_errors = run("assess", "-", "--format", "json", stdin=b'{"age": 60, "agee": 1}')
    assert with_errors.returncode == 1
    refused = run("assess", str(tmp_path / "nobody.toml"))
    assert (refused.returncode, refused.stdout) == (2, b"")
    assert b"Traceback" not in refused.stderr + with_errors.stderr
    assert run("assess").returncode == 2


def test_a_terminal_without_the_signs_still_gets_the_answer() -> None:
    result = run("assess", "-", stdin='history = ["Krämpfe 🦵"]'.encode(), PYTHONIOENCODING="ascii")
    assert result.returncode == 0
    assert result.stderr == b""
    result.stdout.decode("ascii")


@pytest.mark.skipif(os.name != "posix", reason="pipes of this kind are a matter of POSIX")
def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = [sys.executable, "-m", "soleus.app.cli.main", "evidence", "list", "references"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 0


def test_help_and_version_answer(capsys: Output) -> None:
    assert main([]) == 0
    assert "assess" in capsys.readouterr().out
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("soleus ")
    with pytest.raises(SystemExit) as caught:
        main(["nonsense"])
    assert caught.value.code == 2


def test_broken_evidence_is_told_not_thrown(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    def broken() -> None:
        from soleus.knowledge.load import load_evidence

        load_evidence(Path(__file__).parent)

    monkeypatch.setattr("soleus.app.session.load_session", broken)
    assert main(["assess", str(NIGHT)]) == 2
    assert "release.toml" in capsys.readouterr().err
    with pytest.raises(EvidenceError):
        broken()


# --- ask ------------------------------------------------------------------------------------------------------------


class Talk:
    """A person at the keyboard: known prompts by their first words, the questions from a list; then the input ends."""

    def __init__(self, *answers: str, **known: str | list[str]) -> None:
        self.known = {
            "How old": "68",
            "Sex": "female",
            "Go on": "y",
            **{k.replace("_", " "): v for k, v in known.items()},
        }
        self.answers = list(answers)
        self.prompts: list[str] = []

    def __call__(self, prompt: str = "") -> str:
        self.prompts.append(prompt.strip())
        for start, answer in self.known.items():
            if prompt.strip().startswith(start):
                return answer if isinstance(answer, str) else answer.pop(0)
        if not self.answers:
            raise EOFError
        return self.answers.pop(0)

    @property
    def asked(self) -> list[str]:
        return [p for p in self.prompts if not any(p.startswith(start) for start in self.known)]


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Talk]:
    def start(*answers: str, **opening: str) -> Talk:
        person = Talk(*answers, **opening)
        monkeypatch.setattr("builtins.input", person)
        return person

    return start


def test_an_interview_ends_in_the_answer_that_assess_gives(
    tmp_path: Path, talk: Callable[..., Talk], capsys: Output
) -> None:
    path = tmp_path / "me.json"
    talk("w", "what?", "y", "n", "d", "don't know", "q")
    assert main(["ask", "--save", str(path)]) == 0
    assert "Because " in capsys.readouterr().out
    talk(
        *["n"] * 80,
        Go_on="n",
        Which_medicines="none",
        Any_test=["calcium 2.15 mmol/L", "rubbish", "potassium = 3,9 mmol/L", ""],
    )
    assert main(["ask", "--save", str(path)]) == 0
    said = capsys.readouterr().out
    assert "Please write the name, the number and the unit" in said
    main(["assess", str(path)])
    answer = capsys.readouterr().out
    assert said.endswith(answer)
    case, problems = read_case(path)
    assert problems == []
    assert (case.age, case.sex) == (68, "female")
    assert case.findings
    assert len(case.not_known) == 2
    assert [m.value for m in case.measurements] == [2.15, 3.9]
    assert not list(tmp_path.glob("*.tmp"))


def test_why_gives_a_reason_and_asks_again(talk: Callable[..., Talk], capsys: Output) -> None:
    person = talk("w", "d", "f")
    assert main(["ask"]) == 0
    assert person.asked[0] == person.asked[1]
    assert "Because " in capsys.readouterr().out


def test_back_takes_back_the_last_answer(tmp_path: Path, talk: Callable[..., Talk]) -> None:
    path = tmp_path / "me.json"
    person = talk("y", "b", "n", "f")
    assert main(["ask", "--save", str(path)]) == 0
    first, second, again = person.asked[:3]
    assert again == first != second
    [present] = read_case(path)[0].findings.values()
    assert present is False


def test_back_beyond_the_first_question_asks_the_opening_again(tmp_path: Path, talk: Callable[..., Talk]) -> None:
    person = talk("b", "b", "f")
    assert main(["ask", "--save", str(tmp_path / "me.json")]) == 0
    assert [p.split()[0] for p in person.prompts].count("Sex:") >= 2
    assert read_case(tmp_path / "me.json")[0].sex == "female"


def test_do_not_know_stays_unknown_and_is_not_asked_again(tmp_path: Path, talk: Callable[..., Talk]) -> None:
    path = tmp_path / "me.json"
    person = talk("d", "", "don’t know", "f")
    assert main(["ask", "--save", str(path)]) == 0
    assert len(set(person.asked)) == len(person.asked)
    case = read_case(path)[0]
    assert len(case.not_known) == 3
    assert case.findings == {}


def test_own_words_are_read_or_told_as_not_understood(
    tmp_path: Path, talk: Callable[..., Talk], capsys: Output
) -> None:
    path = tmp_path / "me.json"
    talk("o", "my calf goes rock hard", "o", "xyzzy plugh", "o", "", "f")
    assert main(["ask", "--save", str(path)]) == 0
    said = capsys.readouterr().out
    assert "Read as: " in said
    assert "not understood" in said
    assert read_case(path)[0].symptoms.present == ("my calf goes rock hard",)


def test_save_and_resume(tmp_path: Path, talk: Callable[..., Talk], capsys: Output) -> None:
    path = tmp_path / "me.json"
    first = talk("y", "d", "q")
    assert main(["ask", "--save", str(path)]) == 0
    assert "goes on" in capsys.readouterr().out
    saved = read_case(path)[0]
    second = talk("n", "f")
    assert main(["ask", "--save", str(path)]) == 0
    said = capsys.readouterr().out
    assert "2 answers so far" in said
    assert not any(p.startswith(("How old", "Sex")) for p in second.prompts)
    assert not set(second.asked[:1]) & set(first.asked[:2])
    resumed = read_case(path)[0]
    assert saved.findings.items() <= resumed.findings.items()
    main(["assess", str(path)])
    assert said.endswith(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("opening", "expected"),
    [
        ({"How_old": "d", "Sex": "d"}, Case(not_known=("age", "sex"))),
        (
            {"How_old": "30", "Sex": "f", "Are_you_pregnant": "30 weeks"},
            Case(age=30, sex="female", pregnant=True, pregnancy_month=6.9),
        ),
        ({"How_old": "30", "Sex": "f", "Are_you_pregnant": "n"}, Case(age=30, sex="female", pregnant=False)),
        ({"How_old": "30", "Sex": "m"}, Case(age=30, sex="male")),
    ],
)
def test_the_opening(tmp_path: Path, talk: Callable[..., Talk], opening: dict[str, str], expected: Case) -> None:
    path = tmp_path / "me.json"
    talk("f", **opening)
    assert main(["ask", "--save", str(path)]) == 0
    assert read_case(path)[0] == expected


@pytest.mark.parametrize(
    ("told", "medicines", "complete"),
    [
        ("none", ("none",), True),
        ("ramipril, atorvastatin", ("ramipril", "atorvastatin"), True),
        ("d", (), False),
        ("", (), False),
    ],
)
def test_medicines_that_are_not_known_stay_unknown(
    tmp_path: Path, talk: Callable[..., Talk], told: str, medicines: tuple[str, ...], complete: bool
) -> None:
    path = tmp_path / "me.json"
    talk(*["n"] * 80, Go_on="n", Which_medicines=told, Any_test="d")
    assert main(["ask", "--save", str(path)]) == 0
    case = read_case(path)[0]
    assert (case.medicines, case.medicines_complete) == (medicines, complete)


def test_a_danger_is_said_at_once(talk: Callable[..., Talk], capsys: Output, tmp_path: Path) -> None:
    path = tmp_path / "me.json"
    path.write_text(json.dumps({"age": 60, "sex": "male", "symptoms": {"present": ["sudden cold pale leg"]}}))
    talk("f")
    assert main(["ask", "--save", str(path)]) == 0
    said = capsys.readouterr().out
    assert "\n! " in said[: said.index("Soleus: night leg cramps")]


def test_a_place_that_can_not_be_written_costs_no_interview(
    tmp_path: Path, talk: Callable[..., Talk], capsys: Output
) -> None:
    talk("y", "f")
    assert main(["ask", "--save", str(tmp_path / "no" / "me.json")]) == 0
    said = capsys.readouterr().out
    assert said.count("can't be saved") == 1
    assert "Soleus: night leg cramps" in said
    talk("q")
    assert main(["ask", "--html", str(tmp_path / "page.html")]) == 0
    assert "Nothing was saved" in capsys.readouterr().out
    talk("f")
    assert main(["ask", "--html", str(tmp_path / "no" / "page.html")]) == 2


def test_a_broken_saved_file_is_refused_and_kept(tmp_path: Path, talk: Callable[..., Talk], capsys: Output) -> None:
    path = tmp_path / "me.json"
    path.write_text("{not json")
    talk("f")
    assert main(["ask", "--save", str(path)]) == 2
    assert "To mend it" in capsys.readouterr().err
    assert path.read_text() == "{not json"


def test_an_interview_in_a_real_process_ends_with_its_input() -> None:
    result = run("ask", stdin=b"68\nfemale\ny\n\xff\n")
    assert result.returncode == 0
    assert b"Soleus: night leg cramps" in result.stdout
    assert b"Traceback" not in result.stderr


# --- relieve, evidence ----------------------------------------------------------------------------------------------


def test_relief_is_told_without_waiting(capsys: Output) -> None:
    start = time.perf_counter()
    assert main(["relieve", "--no-timer"]) == 0
    assert time.perf_counter() - start < 5
    out = capsys.readouterr().out
    assert "Pull your toes" in out
    assert "When not to" in out
    assert main(["relieve", "--sitting", "--no-timer"]) == 0
    sitting = capsys.readouterr().out
    assert "stand on that leg" not in sitting
    assert "towel" in sitting


def test_relief_counts_three_holds_of_ten_seconds(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    assert main(["relieve"]) == 0
    assert sum(slept) >= 30
    assert "hold 3 of 3" in capsys.readouterr().out


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands read the evidence once for all tests."""
    from soleus.app.session import load_session

    monkeypatch.setattr("soleus.app.cli.evidence.load_evidence", lambda: load_session().evidence)


@pytest.mark.parametrize("part", PARTS)
def test_one_of_each_part_is_shown_with_its_sources(part: str, loaded: None, capsys: Output) -> None:
    records = getattr(load_evidence(), part)
    key = sorted(records)[len(records) // 2]
    assert main(["evidence", "show", key]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{key} (")
    assert len(out.splitlines()) > 2
    source = getattr(records[key], "source", "")
    assert source in ("", "expert") or f"[{source}]" in out
    assert main(["evidence", "list", part]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert len(listed) == len(records)
    assert all(len(line.split()) >= 2 for line in listed)


def test_every_id_of_the_evidence_can_be_shown(loaded: None, capsys: Output) -> None:
    evidence = load_evidence()
    for part in PARTS:
        for key in getattr(evidence, part):
            assert main(["evidence", "show", key]) == 0, key
            assert f"{key} (" in capsys.readouterr().out


def test_a_finding_is_shown_with_the_causes_that_produce_it(capsys: Output) -> None:
    assert main(["evidence", "show", "trousseau_sign"]) == 0
    out = capsys.readouterr().out
    assert "produced by" in out
    assert "hypocalcemia:" in out


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("hypocalcemi", "hypocalcemia"),
        ("trouseau_sign", "trousseau_sign"),
        ("calcum", "calcium"),
        ("zzzzzz", "evidence list"),
    ],
)
def test_an_unknown_id_gives_the_nearest(key: str, near: str, loaded: None, capsys: Output) -> None:
    assert main(["evidence", "show", key]) == 2
    captured = capsys.readouterr()
    assert near in captured.err
    assert captured.out == ""


def test_the_evidence_is_checked_from_the_command_line(tmp_path: Path, capsys: Output) -> None:
    assert main(["evidence", "check"]) == 0
    assert "45 causes" in capsys.readouterr().out
    assert main(["evidence", "check", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert "[missing_file]" in captured.out
    assert "problems" in captured.err
    assert main(["evidence", "check", str(tmp_path / "nowhere")]) == 2
    assert "is not a folder" in capsys.readouterr().err
