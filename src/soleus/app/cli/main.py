"""The command ``soleus``. Every command imports what it needs when it runs, so that help answers at once."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence

EPILOG = "Soleus informs; it does not diagnose and is not a medical device. In an emergency call your emergency number."

OK, ANSWERED_WITH_ERRORS, NOT_READ = 0, 1, 2


def build_parser() -> argparse.ArgumentParser:
    """Return the command-line parser: one sub-command for each thing a person wants done."""
    parser = argparse.ArgumentParser(
        prog="soleus",
        description="Night leg cramps: stop the cramp, find out why, follow it, learn what helps.",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="store_true", help="print the versions of the software and the evidence")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    assess = commands.add_parser("assess", help="assess a case file: red flags, causes, what to ask, what to do")
    assess.add_argument("file", nargs="?", help="a case in TOML, JSON or YAML (see examples/), or - for standard input")
    assess.add_argument("--diary", action="store_true", help="add what your diary and measurements show")
    _diary_place(assess)
    assess.add_argument(
        "--json", action="store_true", help="print the assessment as JSON (its schema: soleus schema assessment)"
    )
    assess.add_argument("--html", metavar="PAGE", help="write the assessment as one self-contained page")
    assess.add_argument("--format", choices=["toml", "json", "yaml"], help="the form of standard input (default toml)")

    ask = commands.add_parser("ask", help="an interview: the most useful question next, ending in the same answer")
    ask.add_argument(
        "--save", metavar="FILE", help="keep the answers in this case file (JSON) and resume from it when it exists"
    )
    ask.add_argument("--html", metavar="PAGE", help="write the final assessment as one self-contained page")
    ask.add_argument("--diary", action="store_true", help="do not ask what your diary and measurements answer")
    _diary_place(ask)

    relieve = commands.add_parser("relieve", help="what to do in the cramp, with a counted timer")
    relieve.add_argument("--sitting", action="store_true", help="the variant for people who cannot stand up safely")
    relieve.add_argument("--no-timer", action="store_true", help="print the steps without counting")

    _add_record_commands(commands)

    serve = commands.add_parser("serve", help="the pages: open Soleus in your browser, on this computer")
    serve.add_argument("--port", type=int, help="the port to listen on (default: the first free one from 7653)")
    serve.add_argument("--no-browser", action="store_true", help="do not open the browser")
    serve.add_argument("--lan", action="store_true", help="answer linked phones on the home network, too")
    serve.add_argument(
        "--name", metavar="HOST", help="one more name to answer to, for a proxy with HTTPS on this computer"
    )
    _diary_place(serve)

    report = commands.add_parser(
        "report", help="one page for a clinician, as PDF, HTML or text, with all data behind it"
    )
    report.add_argument("file", nargs="?", help="what was told: a case file, as for assess")
    report.add_argument("--pdf", metavar="FILE", help="write it as PDF")
    report.add_argument("--html", metavar="FILE", help="write it as one self-contained page")
    report.add_argument("--question", metavar="TEXT", default="", help="your own question to the doctor")
    report.add_argument("--from", dest="first", metavar="DATE", help="first night (default: 12 weeks back)")
    report.add_argument("--to", dest="last", metavar="DATE", help="last night (default: the last one that is over)")
    report.add_argument("--language", choices=["en", "de"], default="en", help="its language (default en)")
    _diary_place(report)

    evaluate = commands.add_parser("evaluate", help="judge the engine on published cases or everyday questions")
    evaluate.add_argument("file", help="cases or questions, one JSON object a line")
    form = evaluate.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print scores as JSON")
    form.add_argument("--table", action="store_true", help="print one row a case")
    form.add_argument("--phrases", action="store_true", help="print how each phrase was read")

    _add_population_commands(commands)

    evidence = commands.add_parser("evidence", help="check, list and show the evidence base")
    actions = evidence.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="check every rule of the evidence base")
    check.add_argument("folder", nargs="?", help="a folder of evidence files (default: the installed ones)")
    show = actions.add_parser(
        "show", help="show a cause, finding, measurement, remedy, red flag or reference with its sources"
    )
    show.add_argument("id", help="an id such as hypocalcemia, trousseau_sign, calcium or hujoel2016")
    listing = actions.add_parser("list", help="list ids with their names")
    listing.add_argument(
        "part",
        nargs="?",
        default="causes",
        choices=[
            "causes",
            "findings",
            "quantities",
            "doppler",
            "remedies",
            "red_flags",
            "sayings",
            "scores",
            "policy",
            "references",
            "cramp_frequency",
            "relative_risks",
            "rival_explanations",
        ],
    )
    actions.add_parser("snapshot", help="write the fast copy of the evidence that commands read")

    schema = commands.add_parser("schema", help="print the JSON schema of a case or an assessment")
    schema.add_argument("what", choices=["case", "assessment"])
    return parser


def _add_population_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands for whole registers."""
    screen = commands.add_parser("screen", help="assess everybody in a register (Parquet, CSV, or a database query)")
    screen.add_argument("input", help="a Parquet file or folder, a CSV, a .duckdb database or a database URL")
    screen.add_argument("output", help="the folder to make; an interrupted screening is continued")
    screen.add_argument("--mapping", metavar="FILE", required=True, help="which column means what (docs/screening.md)")
    screen.add_argument("--query", metavar="SQL", help="the statement whose rows are screened, for a database")
    screen.add_argument("--people", metavar="FILE", help="a table with one row a person, beside a long table of facts")
    screen.add_argument("--engine", default="local", help="local, or a Spark master such as spark://host:7077")
    screen.add_argument("--threads", type=int, help="threads that score (default: one more than the cores)")
    screen.add_argument("--memory", default="700MB", help="most memory for sorting and joining (default 700MB)")
    screen.add_argument("--part-rows", type=int, default=65_536, help="rows in one file of answers (default 65536)")
    screen.add_argument("--summary", metavar="PAGE", help="also write one page of pictures: who is flagged and why")
    screen.add_argument("--json", action="store_true", help="print the manifest with all counts as JSON")
    population = commands.add_parser(
        "population", help="rebuild what is taken from the public survey (NHANES), judge it on other people, draw it"
    )
    actions = population.add_subparsers(dest="action", metavar="ACTION", required=True)
    fit = actions.add_parser("fit", help="compute the population numbers from the survey's public files of 2005-2006")
    fit.add_argument("files", nargs="+", metavar="FILE", help="XPT files as downloaded, or one Parquet file")
    fit.add_argument("--out", metavar="FOLDER", help="write the evidence files there")
    fit.add_argument("--json", action="store_true", help="print everything as JSON")
    judge = actions.add_parser("judge", help="hold the shipped numbers against people who answered the same question")
    judge.add_argument("files", nargs="+", metavar="FILE", help="XPT files of one cycle, or one Parquet file")
    judge.add_argument("--json", action="store_true", help="print the judgment as JSON")
    judge.add_argument(
        "--cross-validate",
        action="store_true",
        help="fit again without each cluster and judge what is predicted for it",
    )
    plot = actions.add_parser("plot", help="draw cramps by age and sex, in pregnancy, relative risks, and calibration")
    plot.add_argument("file", nargs="?", metavar="FILE", help="people to draw the calibration for")
    plot.add_argument("--out", metavar="FOLDER", required=True, help="where the SVG files go")
    plot.add_argument("--cross-validate", action="store_true", help="calibration of people left out of the fit")


def _diary_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--at", metavar="URL", help="another diary than your own: a database URL")


def _add_record_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of the person's own record."""
    log = commands.add_parser("log", help='note a cramp in one line: "log left calf 2 min", "log last night 2"')
    log.add_argument("words", nargs="*", help="what happened; nothing is a cramp just now")
    log.add_argument("--zone", help="time zone (default: this machine's), such as Europe/Berlin")
    _diary_place(log)

    diary = commands.add_parser("diary", help="show, add to, correct, import, export or erase your diary")
    actions = diary.add_subparsers(dest="action", metavar="ACTION", required=True)
    show = actions.add_parser("show", help="your cramps in numbers and pictures")
    show.add_argument("--from", dest="first", metavar="DATE", help="first night (default: 12 weeks back)")
    show.add_argument("--to", dest="last", metavar="DATE", help="last night (default: the last one recorded)")
    show.add_argument("--age", type=float, help="your age, to compare with people of your age")
    show.add_argument("--sex", choices=["female", "male"], help="your sex, to compare with people of your sex")
    show.add_argument("--svg", metavar="FOLDER", help="also write the pictures as SVG files")
    show.add_argument("--json", action="store_true", help="print the numbers as JSON")
    add = actions.add_parser("add", help="add an entry from name=value words")
    add.add_argument("kind", choices=["episode", "night", "factor", "sample"], help="what kind of entry it is")
    add.add_argument("fields", nargs="*", help="such as cramps=0 slept_h=6.5")
    add.add_argument("--zone", help="time zone (default: this machine's)")
    undo = actions.add_parser("undo", help="take back what was recorded last")
    undo.add_argument("--id", help="take back the last change of this entry, also a taking back")
    imports = actions.add_parser("import", help="import an export of Soleus, or a CSV file with a mapping")
    imports.add_argument("path", help="the folder or entries.json of an export, or a CSV file")
    imports.add_argument("--kind", choices=["episode", "night", "factor", "sample"], help="what a row of the CSV is")
    imports.add_argument("--map", metavar="FILE", help="a TOML file that says which column is which field")
    imports.add_argument("--zone", help="time zone of the times in the CSV (default: this machine's)")
    export = actions.add_parser("export", help="write everything as CSV, JSON and SQLite")
    export.add_argument("folder", help="a folder that does not exist yet or is empty")
    erase = actions.add_parser("erase", help="erase the diary and its backups")
    erase.add_argument("--word", help='the word "erase"; it is asked for when left out')
    for action in (show, add, undo, imports, export, erase):
        _diary_place(action)

    measure = commands.add_parser("measure", help="note and show measurements")
    actions = measure.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="note one measurement as printed on the laboratory slip")
    add.add_argument("quantity", help="its name, such as calcium")
    add.add_argument("value", help="the number")
    add.add_argument("unit", nargs="?", help="its unit, such as mmol/L")
    add.add_argument("--low", type=float, help="the laboratory's own lower limit")
    add.add_argument("--high", type=float, help="the laboratory's own upper limit")
    add.add_argument("--time", help="when it was taken (default: now), such as 2026-11-26T08:30 or 2026-11-26")
    add.add_argument("--posture", choices=["lying", "sitting", "standing"], help="how you were when it was taken")
    add.add_argument("--leg", choices=["left", "right"], help="which leg it was taken on")
    add.add_argument("--series", help="the protocol of serial readings that it belongs to")
    add.add_argument("--note", help="free words")
    add.add_argument("--zone", help="time zone (default: this machine's)")
    show = actions.add_parser("show", help="a series: set point, change or noise, what one more sample would add")
    show.add_argument("quantity", nargs="?", help="which one (default: all)")
    show.add_argument("--svg", metavar="FILE", help="also write the picture as an SVG file")
    show.add_argument("--json", action="store_true", help="print the numbers as JSON")
    for action in (add, show):
        _diary_place(action)

    backup = commands.add_parser("backup", help="make a verified backup of the diary")
    restore = commands.add_parser("restore", help="check a backup, or put it back")
    restore.add_argument("file", help="the backup")
    restore.add_argument("--check", action="store_true", help="only say whether it is sound and what is in it")
    doctor = commands.add_parser("doctor", help="say where everything is and whether it is sound")
    for action in (backup, doctor):
        _diary_place(action)


RECORD_COMMANDS = ("log", "diary", "measure", "backup", "restore", "doctor")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 answered, 1 answered with errors in the input, 2 not read."""
    gc.set_threshold(50_000, 20, 20)  # the evidence stays until the end: looking through it for garbage costs 40 ms
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a sign that the terminal does not have must not cost the answer
            stream.reconfigure(errors="replace")
    parser = build_parser()
    options = parser.parse_args(arguments)
    try:
        code = _run(options, parser)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader has seen enough; nothing more may be written, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except ValueError as error:
        from soleus.knowledge.load import EvidenceError

        if not isinstance(error, EvidenceError):
            raise
        print(error, file=sys.stderr)
        return NOT_READ


def _run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    if options.version:
        from soleus.app.cli.evidence import print_version

        return print_version()
    if not options.command:
        parser.print_help()
        return OK
    if options.command == "assess":
        from soleus.app.cli.assess import run_assess

        return run_assess(options)
    if options.command in RECORD_COMMANDS:
        from soleus.app.cli.record import run_record

        return run_record(options)
    if options.command == "serve":
        from soleus.app.cli.serve import run_serve

        return run_serve(options)
    if options.command == "ask":
        from soleus.app.cli.ask import run_ask

        return run_ask(save=options.save, html=options.html, diary=options.diary, at=options.at)
    if options.command == "relieve":
        from soleus.app.cli.relieve import run_relieve

        return run_relieve(sitting=options.sitting, timer=not options.no_timer)
    if options.command == "report":
        from soleus.app.cli.report import run_report

        return run_report(options)
    if options.command == "population":
        from soleus.app.cli.population import run_population

        return run_population(options)
    if options.command == "screen":
        from soleus.app.cli.screen import run_screen

        return run_screen(options)
    if options.command == "evaluate":
        from soleus.app.cli.evaluate import run_evaluate

        return run_evaluate(options.file, as_json=options.json, table=options.table, phrases=options.phrases)
    if options.command == "schema":
        from soleus.app.cli.assess import print_schema

        return print_schema(options.what)
    from soleus.app.cli.evidence import run_evidence

    return run_evidence(options)


if __name__ == "__main__":
    sys.exit(main())
