"""The documents keep their word: commands and keys are named, code runs, cases are read, links lead somewhere."""

from __future__ import annotations

import argparse
import io
import json
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import UnionType
from typing import Any, get_args

import msgspec
import pytest
import yaml

from soleus.app import judging
from soleus.app.cli import evidence as evidence_command
from soleus.app.cli.main import RECORD_COMMANDS, build_parser, main
from soleus.core import assessment as answers
from soleus.core import case as cases
from soleus.core.problem import Problem
from soleus.core.version import __version__
from soleus.diary import back_up, import_from, open_diary
from soleus.exchange.case_file import parse_case
from soleus.knowledge import schema
from soleus.knowledge.load import load_evidence, write_snapshot

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [path for path in (*sorted(ROOT.glob("*.md")), *sorted(DOCS.glob("*.md"))) if path.read_text("utf-8").strip()]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
TEXT = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in PAGES}
SLOW = re.compile(r"soleus (?:ask\b|relieve(?!.*--no-timer))")  # waits for a person, or counts real seconds


def blocks(page: str, *languages: str) -> list[str]:
    """Return the code blocks of a page in one of the languages."""
    return [body for language, body in FENCE.findall(TEXT[page]) if language in languages]


# --- commands ---------------------------------------------------------------------------------------------------------


def walk(parser: argparse.ArgumentParser, path: str) -> Iterator[tuple[str, argparse.Action | None]]:
    """Yield every command path, and every option and argument below it."""
    yield path, None
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                yield from walk(child, f"{path} {name}")
        else:
            yield path, action


def section(page: str, heading: str) -> str:
    """Return what stands below one heading, up to the next heading."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", TEXT[page], re.M | re.S)
    return found[1] if found else ""


COMMANDS = sorted({path for path, _ in walk(build_parser(), "soleus")})


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_section_that_names_its_options(command: str) -> None:
    said = section("docs/commands.md", command)
    assert said, f"docs/commands.md needs a section headed {command!r}"
    for path, action in walk(build_parser(), "soleus"):
        if path != command or action is None or action.dest == "help":
            continue
        for name in action.option_strings or [action.dest]:
            assert re.search(rf"`{re.escape(name)}\b", said), f"docs/commands.md does not explain {name} of {command}"
        for choice in action.choices or ():
            assert re.search(rf"`(?:{'|'.join(action.option_strings) or '-'} )?{re.escape(str(choice))}`", said), (
                f"docs/commands.md does not name {choice!r} as a choice of {command}"
            )


def test_an_undocumented_option_would_be_noticed() -> None:
    parser = argparse.ArgumentParser()
    parser.add_subparsers().add_parser("dance").add_argument("--tango")
    walked = list(walk(parser, "soleus"))
    assert ("soleus dance", None) in walked
    assert any(action and action.option_strings == ["--tango"] for _, action in walked)
    assert section("docs/commands.md", "soleus dance") == ""


# --- what the console blocks show -------------------------------------------------------------------------------------


def console_runs() -> dict[str, list[list[str]]]:
    """Return each distinct command of the console blocks with every excerpt of output shown below it."""
    runs: dict[str, list[list[str]]] = {}
    for page in TEXT:
        for block in blocks(page, "console"):
            shown: list[str] = []
            for line in block.splitlines():
                if line.startswith("$ "):
                    shown = []
                    runs.setdefault(line[2:].strip(), []).append(shown)
                else:
                    shown.append(line)
    return runs


RUNS = console_runs()


def stable_lines(command: str, shown: list[str]) -> list[str]:
    """Return the lines of an excerpt that no change of a number can touch; of an answer, its headings."""
    lines = [" ".join(line.split()) for line in shown]
    lines = [line for line in lines if line and not line.endswith("...") and not re.search(r"\d", line)]
    return [line for line in lines if line == line.upper()] if command.startswith("soleus assess") else lines


def run_command(command: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a command as the shell would, in the repository root, with everything it writes going to `folder`."""
    words = shlex.split(command)
    assert words[0] == "soleus"
    monkeypatch.chdir(ROOT)
    if "<" in words:
        at = words.index("<")
        given = io.TextIOWrapper(io.BytesIO((ROOT / words[at + 1]).read_bytes()), encoding="utf-8")
        monkeypatch.setattr(sys, "stdin", given)
        del words[at : at + 2]
    for i, word in enumerate(words[:-1]):
        if word in ("--html", "--save", "--svg", "--summary", "--out", "export"):
            words[i + 1] = str(folder / Path(words[i + 1]).name)
    if words[1] == "screen":
        words[3] = str(folder / words[3])
    if words[1] in (*RECORD_COMMANDS, "assess"):  # every command finds the diary of the examples, with a backup
        monkeypatch.setenv("SOLEUS_DATA_DIR", str(folder / "data"))
        monkeypatch.setenv("TZ", "Europe/London")
        with open_diary() as diary:
            import_from(ROOT / "examples" / "diary", diary, now=datetime.now(UTC))
            backup = back_up(diary, now=datetime.now(UTC))
        words = [str(backup) if word == "BACKUP" else word for word in words]
    monkeypatch.setattr(evidence_command, "write_snapshot", lambda: write_snapshot(path=folder / "snapshot.json"))
    return main(words[1:])


@pytest.mark.parametrize(
    "command", [command for command in RUNS if command.startswith("soleus") and not SLOW.match(command)]
)
def test_every_console_command_runs_and_says_what_is_shown(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = run_command(command, tmp_path, monkeypatch)
    except SystemExit as end:  # --help
        code = int(end.code or 0)
    printed = capsys.readouterr()
    expected = 1 if "register/people.csv" in command else 0  # that register has two rows that cannot be read
    assert code == expected, f"{command} gave exit code {code}: {printed.err}"
    assert printed.out.strip(), f"{command} said nothing"
    said = " ".join(printed.out.replace(str(tmp_path) + "/", "").split())
    for shown in RUNS[command]:
        for line in stable_lines(command, shown):
            assert line in said, f"{command} no longer says {line!r}; run tests/docs/refresh.py"


def test_a_wrong_unit_is_told_with_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    block = next(block for block in blocks("docs/commands.md", "text") if "unit_slip" in block)
    assert main(["assess", str(ROOT / "examples" / "unit_slip.json")]) == 1
    assert " ".join(block.split()) in " ".join(capsys.readouterr().out.split())


def test_every_command_has_a_runnable_example() -> None:
    shown = {tuple(shlex.split(command)) for command in RUNS}
    for command in COMMANDS:
        words = tuple(command.split())
        if words == ("soleus", "serve"):
            continue  # it runs until it is stopped: tests/web start it as a process of its own
        if words in (("soleus", "population", "fit"), ("soleus", "population", "judge")):
            continue  # they need the survey's files, which everybody downloads: tests/reference run them
        assert any(example[: len(words)] == words for example in shown), f"docs show no example of {command}"


def test_every_part_of_the_answer_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    for example in ("night_cramps_68.toml", "one_low_calcium.yaml", "cirrhosis.toml"):
        assert main(["assess", str(ROOT / "examples" / example)]) == 0
    headings = {line for line in capsys.readouterr().out.splitlines() if line[:1].isalpha() and line == line.upper()}
    assert "DANGER FIRST" in headings
    assert len(headings) >= 8
    for heading in headings:
        assert heading.partition(":")[0] in TEXT["docs/assessment.md"], f"docs/assessment.md does not explain {heading}"


def test_excerpts_hold_no_forgotten_placeholder() -> None:
    for page, text in TEXT.items():
        assert "@@" not in text, f"{page} has a placeholder"


# --- code and case blocks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "number"), [(page, i) for page in TEXT for i in range(len(blocks(page, "python", "py")))]
)
def test_every_python_block_runs(
    page: str, number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    code = blocks(page, "python", "py")[number]
    exec(compile(code, f"{page}, python block {number + 1}", "exec"), {"__name__": "__main__"})
    if "print(" in code and "for " not in code:
        assert capsys.readouterr().out.strip()


CASE_BLOCKS = [
    (page, form, body)
    for page in TEXT
    if page in ("docs/case.md", "README.md")
    for form, body in FENCE.findall(TEXT[page])
    if form in ("toml", "json", "yaml")
]


def test_the_case_page_shows_all_three_forms() -> None:
    assert {form for page, form, _ in CASE_BLOCKS if page == "docs/case.md"} == {"toml", "json", "yaml"}


@pytest.mark.parametrize(
    ("page", "form", "body"), CASE_BLOCKS, ids=[f"{p}-{f}-{i}" for i, (p, f, _) in enumerate(CASE_BLOCKS)]
)
def test_every_case_block_is_read_and_understood(page: str, form: str, body: str) -> None:
    from soleus.app.session import load_session

    case, problems = parse_case(body, form)
    assert problems == []
    facts = load_session().understand(case)
    assert [problem for problem in facts.problems if problem.level == "error"] == []
    assert [phrase for phrase in facts.understood if not phrase.understood] == []


def test_the_claim_shown_in_the_evidence_page_is_a_claim() -> None:
    (block,) = blocks("docs/evidence.md", "toml")
    claim = msgspec.convert(tomllib.loads(block)["strength"], schema.Claim)
    assert claim.verification == "expert"


def test_the_records_shown_for_evaluation_can_be_judged() -> None:
    records, problems = judging.read_records(DOCS / "records.jsonl")
    assert problems == []
    assert {judging.truth_of(record).form for record in records} == {"case", "question"}


# --- keys, codes and scores that must be named ------------------------------------------------------------------------


def structs(module: Any) -> list[type[msgspec.Struct]]:
    """Return the record types that a module defines."""
    found = (value for value in vars(module).values() if isinstance(value, type) and issubclass(value, msgspec.Struct))
    return [value for value in found if value.__module__ == module.__name__]


INTERNAL = {"Facts", "Fact", "Reading", "Record", "Evidence"}  # what a case is read into; never written by a person
KEYS = [
    *(
        (record, "docs/case.md")
        for record in structs(cases)
        if record.__name__ not in {*INTERNAL, "Person", "Understood"}
    ),
    *((record, "docs/assessment.md") for record in (*structs(answers), cases.Person, cases.Understood, Problem)),
    *((record, "docs/evidence.md") for record in structs(schema) if record.__name__ not in INTERNAL),
]


@pytest.mark.parametrize(("record", "page"), KEYS, ids=lambda value: getattr(value, "__name__", None))
def test_every_key_is_named(record: type[msgspec.Struct], page: str) -> None:
    for key in record.__struct_fields__:
        assert f"`{key}`" in TEXT[page], f"{page} does not name the key {key} of {record.__name__}"


def words_of(hint: Any) -> list[str]:
    """Return the words that a type allows."""
    arguments = get_args(hint)
    if isinstance(hint, UnionType) or any(not isinstance(argument, str) for argument in arguments):
        return [word for argument in arguments for word in words_of(argument)]
    return list(arguments)


@pytest.mark.parametrize(
    ("hint", "page"),
    [
        (cases.Sex, "docs/case.md"),
        (cases.Setting, "docs/case.md"),
        (cases.Timing, "docs/case.md"),
        (cases.Onset, "docs/case.md"),
        (answers.Urgency, "docs/assessment.md"),
        (schema.Verification, "docs/evidence.md"),
        (schema.Urgency, "docs/evidence.md"),
        (schema.Kind, "docs/evidence.md"),
        (schema.Burden, "docs/evidence.md"),
    ],
)
def test_every_fixed_word_is_named(hint: Any, page: str) -> None:
    for word in words_of(hint):
        assert re.search(rf"`\"?{word}\"?`", TEXT[page]), f"{page} does not name {word}"


CODE = re.compile(
    r"(?:code=|code = |_problem\(\s*|broken_rule\(\s*|_fail\(\s*|(?<![.\w])add\(\s*)\"([a-z_]+)\""
    r"(?: if isinstance\(claim, RedFlag\) else \"([a-z_]+)\")?"
    r"|\"([a-z_]+)\": \(\s*\"(?:error|warning|info)\""  # a table from code to level and words
)


def codes(*files: str) -> set[str]:
    """Return the problem codes that source files can give."""
    text = "\n".join((ROOT / "src/soleus" / file).read_text("utf-8") for file in files)
    return {code for found in CODE.findall(text) for code in found if code}


def test_every_problem_code_of_a_case_is_explained() -> None:
    source = ROOT / "src/soleus"
    known = codes(
        "exchange/case_file.py",
        "reasoning/assess.py",
        *(
            f"knowledge/{path.name}"
            for path in (source / "knowledge").glob("*.py")
            if path.stem not in ("load", "check", "check_population")
        ),
    )
    assert {"unit_slip", "syntax", "contradiction", "impossible_evidence", "unknown_key"} <= known
    assert sorted(code for code in known if f"`{code}`" not in TEXT["docs/case.md"]) == []


def test_every_rule_of_the_evidence_is_explained() -> None:
    known = codes("knowledge/load.py", "knowledge/check.py", "knowledge/check_population.py")
    assert {"missing_source", "unsourced_red_flag", "dangling_id", "bib_syntax", "unknown_key"} <= known
    assert sorted(code for code in known if f"`{code}`" not in TEXT["docs/evidence.md"]) == []


def test_every_choice_and_medicine_table_is_explained() -> None:
    evidence = load_evidence()
    assert (
        sorted(key for key in (*evidence.policy, *evidence.medicines) if f"`{key}`" not in TEXT["docs/evidence.md"])
        == []
    )


def test_every_file_of_the_evidence_is_named() -> None:
    for path in sorted((ROOT / "evidence").rglob("*.toml")):
        name = path.relative_to(ROOT / "evidence").as_posix()
        folder = f"{path.parent.name}/*.toml"
        assert re.search(
            rf"`(?:{re.escape(name)}|{re.escape(folder)}|{path.parent.name}/<id>.toml)`", TEXT["docs/evidence.md"]
        ), name


def test_every_score_is_explained() -> None:
    records, _ = judging.read_records(DOCS / "records.jsonl")
    truths = [judging.truth_of(record) for record in records]
    scores = judging.score_all(truths, [judging.Outcome(id=truth.id) for truth in truths])
    named = {name for name in scores if name not in ("cases", "questions")}
    named |= {name for part in ("cases", "questions") for name in scores[part] if name != "n"}
    assert sorted(name for name in named if f"`{name}`" not in TEXT["docs/evaluate.md"]) == []


# --- links, citation, house rules -------------------------------------------------------------------------------------


def anchor(heading: str) -> str:
    """Return the anchor that a heading gets where Markdown is shown."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def anchors(path: Path) -> set[str]:
    """Return all anchors of a page."""
    text = FENCE.sub("", path.read_text("utf-8"))
    return {anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, re.M)}


LINKS = sorted(
    {(page, target) for page, text in TEXT.items() for target in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text))}
)


@pytest.mark.parametrize(("page", "target"), [link for link in LINKS if not re.match(r"[a-z]+:", link[1])])
def test_every_relative_link_leads_somewhere(page: str, target: str) -> None:
    name, _, part = target.partition("#")
    path = (ROOT / page).parent / name if name else ROOT / page
    assert path.exists(), f"{page} links to {target}, which does not exist"
    if part:
        assert part in anchors(path), f"{page} links to {target}: no heading of {path.name} has that anchor"


@pytest.mark.parametrize("page", [page for page in TEXT if page.startswith("docs/") and page != "docs/index.md"])
def test_the_map_names_every_page(page: str) -> None:
    assert f"]({Path(page).name}" in TEXT["docs/index.md"]


def test_the_citation_is_that_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert citation["title"] == "Soleus"
    assert str(citation["version"]) == __version__
    assert citation["license"] == project["license"]
    assert f"## [{__version__}]" in TEXT["CHANGELOG.md"]


def test_the_examples_shown_as_json_are_json() -> None:
    for page in TEXT:
        for block in blocks(page, "json"):
            json.loads(block)
