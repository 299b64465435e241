"""``soleus ask``: an interview in the terminal that asks the most useful question next."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from soleus.app.cli.main import NOT_READ, OK
from soleus.app.interview import OPENING_REASONS, next_question, opening_due, read_words
from soleus.app.interview_answers import YesNo, month_of_week, split_names, with_answer
from soleus.core.assessment import Assessment
from soleus.core.case import Case
from soleus.exchange.case_file import CaseError, convert_case, read_case

if TYPE_CHECKING:
    from soleus.app.record_case import Shown

DO_NOT_KNOW = ("d", "", "don't know", "don’t know", "dont know")
HELP = (
    "y = yes, n = no, d = don't know, w = why do you ask, b = back, o = say it in your own words, "
    "f = finish now, q = save and quit"
)


class Finished(Exception):
    """The person has said enough, or the input has ended."""


class Quit(Exception):
    """The person wants to go on another time."""


class Interview:
    """One conversation: the case so far, and how to go back."""

    def __init__(self, session: Any, case: Case, save: Path | None) -> None:
        self.session, self.case, self.save_path = session, case, save
        self.history: list[Case] = []

    def change(self, **fields: Any) -> None:
        """Take one answer into the case and save it at once: nothing told is ever lost."""
        self.become(msgspec.structs.replace(self.case, **fields))

    def become(self, case: Case) -> None:
        """Go on with the case that an answer has made."""
        self.history.append(self.case)
        self.case = case
        self.save()

    def back(self) -> None:
        """Undo the last answer."""
        if self.history:
            self.case = self.history.pop()
            self.save()
        else:
            tell("This is the first question.")

    def save(self) -> None:
        """Write the case so far, whole or not at all."""
        if self.save_path is None:
            return
        temporary = self.save_path.with_suffix(self.save_path.suffix + ".tmp")
        try:
            temporary.write_bytes(msgspec.json.format(msgspec.json.encode(self.case), indent=1))
            temporary.replace(self.save_path)
        except OSError as error:
            tell(f"error: the answers can't be saved in {self.save_path}: {error.strerror}. I go on without saving.")
            self.save_path = None


def run_ask(*, save: str | None, html: str | None, diary: bool = False, at: str | None = None) -> int:
    """Interview, then print the same answer that ``soleus assess`` gives."""
    path = Path(save) if save else None
    case = Case()
    if path and path.exists():
        try:
            case, problems = read_case(path)
        except CaseError as error:
            print(error, file=sys.stderr)
            return NOT_READ
        for problem in problems:
            tell(str(problem))
        tell(f"Going on where you stopped: {_count(case)} answers so far.")
    shown: tuple[Shown, ...] = ()
    if diary:
        from soleus.app.cli.record import add_diary
        from soleus.diary import DiaryError

        try:
            case, shown, notes = add_diary(case, at)
        except DiaryError as error:
            print(error, file=sys.stderr)
            return NOT_READ
        for note in notes:
            tell(str(note))
        tell(f"Your diary answers {len(shown)} questions.")
    from soleus.app.session import load_session

    interview = Interview(load_session(), case, path)
    tell("I ask the most useful question next. Nothing leaves this machine.")
    tell(HELP)
    try:
        _questions(interview)
        _closing(interview)
    except Quit:
        saved = path is not None and path.exists() and interview.save_path is not None
        tell(f"Saved in {path}. `soleus ask --save {path}` goes on." if saved else "Nothing was saved.")
        return OK
    except Finished:
        pass
    assessment = interview.session.assess(interview.case, shown=shown)
    return _answer(assessment, html)


def _answer(assessment: Assessment, html: str | None) -> int:
    from soleus.report.text import render_text

    sys.stdout.write("\n" + render_text(assessment, color=sys.stdout.isatty()))
    if html:
        from soleus.report.html import render_html

        try:
            Path(html).write_text(render_html(assessment), encoding="utf-8")
        except OSError as error:
            print(f"error: the page could not be written to {html}: {error.strerror}", file=sys.stderr)
            return NOT_READ
        tell(f"written: {html}")
    return OK


def _count(case: Case) -> int:
    return len(case.findings) + len(case.not_known)


def tell(text: str) -> None:
    """Print one line of the conversation."""
    print(text, flush=True)


def listen(prompt: str, finish: tuple[str, ...] = ("f", "finish")) -> str:
    """Return the person's line; the end of input finishes the interview."""
    try:
        line = input(prompt).strip()
    except EOFError:
        tell("")
        raise Finished from None
    if line.lower() in ("q", "quit"):
        raise Quit
    if line.lower() in finish:
        raise Finished
    return line


def _opening(interview: Interview) -> None:
    """Age, sex and pregnancy: they set how common causes are."""
    ask = {"age": _ask_age, "sex": _ask_sex, "pregnant": _ask_pregnancy}
    while (due := opening_due(interview.case)) is not None:
        ask[due](interview)


def _pass(interview: Interview, name: str) -> None:
    interview.change(not_known=(*interview.case.not_known, name))


def _ask_age(interview: Interview) -> None:
    line = listen("How old are you (years)? ")
    if line.lower() == "w":
        tell(OPENING_REASONS["age"])
        return
    if line.lower() in ("d", ""):
        _pass(interview, "age")
        return
    case, problems = convert_case({"age": _number(line)})
    for problem in problems:
        tell(problem.what + ": " + problem.fix)
    if case.age is not None:
        interview.change(age=case.age)


def _ask_sex(interview: Interview) -> None:
    line = listen("Sex: female or male? ", finish=("finish",)).lower()  # f means female here
    if line == "w":
        tell(OPENING_REASONS["sex"])
    elif line[:1] in ("f", "m") and ("female".startswith(line) or "male".startswith(line)):
        interview.change(sex="female" if line[0] == "f" else "male")
    elif line in ("d", ""):
        _pass(interview, "sex")
    else:
        tell("Please answer female, male or d (don't know).")


def _ask_pregnancy(interview: Interview) -> None:
    line = listen("Are you pregnant? If so, in which week? ").lower()
    if line == "w":
        tell(OPENING_REASONS["pregnant"])
    elif line in ("n", "no"):
        interview.change(pregnant=False)
    elif line in ("d", ""):
        _pass(interview, "pregnant")
    elif line in ("y", "yes"):
        interview.change(pregnant=True)
    else:
        weeks = _number(line.split()[0])
        if isinstance(weeks, float) and 0 < weeks <= 44:
            interview.change(pregnant=True, pregnancy_month=month_of_week(weeks))
        else:
            tell("Please answer with the week of pregnancy, y, n or d.")


def _number(text: str) -> float | str:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text


def _questions(interview: Interview) -> None:
    """Ask until no open answer would change the advice."""
    skipped_stop = False
    while True:
        _opening(interview)  # asks again only what going back has taken away
        assessment = interview.session.assess(interview.case, draws=0)
        for flag in assessment.red_flags:
            if flag.urgency in ("emergency", "same_day"):
                tell(f"\n! {flag.label}: {flag.do}\n")
        question = next_question(interview.case, assessment, interview.session.evidence)
        if question is None or (assessment.inquiry.stop and not skipped_stop):
            leading = assessment.causes[0]
            tell(f"\nI could stop here: {assessment.inquiry.reason}. Leading: {leading.plain_name}.")
            if question is None or listen("Go on asking anyway (y/n)? ").lower() not in ("y", "yes"):
                return
            skipped_stop = True
        _ask_one(interview, question.about, question.question, question.why)


def _ask_one(interview: Interview, finding: str, question: str, why: str) -> None:
    while True:
        line = listen(f"\n{question} ").lower()
        if line in ("y", "yes", "n", "no", *DO_NOT_KNOW):
            answer: YesNo = "unknown" if line in DO_NOT_KNOW else "yes" if line[0] == "y" else "no"
            return interview.become(with_answer(interview.case, finding, answer))
        if line == "w":
            tell(f"Because {why}.")
        elif line == "b":
            return interview.back()
        elif line == "o":
            return _own_words(interview)
        else:
            tell(HELP)


def _own_words(interview: Interview) -> None:
    """Take a phrase in the person's own words and say how it was read."""
    trial, answer = read_words(interview.session, interview.case, listen("In your own words: "))
    if not answer.understood:
        near = f" Nearest: {', '.join(answer.candidates)}." if answer.candidates else ""
        tell(f"That was not understood and is not used.{near}")
        return
    labels = ", ".join(answer.findings or answer.noted) or "noted"
    tell(f"Read as: {labels.replace('_', ' ')}.")
    interview.become(trial)


def _closing(interview: Interview) -> None:
    """Medicines and test results, which people have at hand but no yes-or-no question covers."""
    if not interview.case.medicines:
        line = listen("\nWhich medicines do you take? (names with commas, 'none', or Enter if you don't know) ")
        if line.lower() not in DO_NOT_KNOW:
            interview.change(medicines=split_names(line), medicines_complete=True)
    while True:
        line = listen("Any test result? (such as: calcium 2.15 mmol/L; Enter when there is none) ")
        if line.lower() in (*DO_NOT_KNOW, "n", "no", "none"):
            return
        reading = _parse_reading(line)
        if reading is None:
            tell("Please write the name, the number and the unit, as on the laboratory slip.")
            continue
        case, problems = convert_case({"measurements": [reading]})
        trial = msgspec.structs.replace(interview.case, measurements=(*interview.case.measurements, *case.measurements))
        facts = interview.session.understand(trial)
        for problem in (*problems, *facts.problems):
            tell(str(problem))
        interview.change(measurements=trial.measurements)


def _parse_reading(line: str) -> dict[str, Any] | None:
    parts = line.replace("=", " ").split()
    for i, part in enumerate(parts):
        number = _number(part)
        if isinstance(number, float) and i > 0:
            return {"name": " ".join(parts[:i]), "value": number, "unit": " ".join(parts[i + 1 :]) or None}
    return None
