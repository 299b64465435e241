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
    assess.add_argument("file", help="a case in TOML, JSON or YAML (see examples/), or - for standard input")
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

    relieve = commands.add_parser("relieve", help="what to do in the cramp, with a counted timer")
    relieve.add_argument("--sitting", action="store_true", help="the variant for people who cannot stand up safely")
    relieve.add_argument("--no-timer", action="store_true", help="print the steps without counting")

    evaluate = commands.add_parser("evaluate", help="judge the engine on published cases or everyday questions")
    evaluate.add_argument("file", help="cases or questions, one JSON object a line")
    form = evaluate.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print scores as JSON")
    form.add_argument("--table", action="store_true", help="print one row a case")
    form.add_argument("--phrases", action="store_true", help="print how each phrase was read")

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
        ],
    )
    actions.add_parser("snapshot", help="write the fast copy of the evidence that commands read")

    schema = commands.add_parser("schema", help="print the JSON schema of a case or an assessment")
    schema.add_argument("what", choices=["case", "assessment"])
    return parser


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

        return run_assess(options.file, as_json=options.json, html=options.html, form=options.format)
    if options.command == "ask":
        from soleus.app.cli.ask import run_ask

        return run_ask(save=options.save, html=options.html)
    if options.command == "relieve":
        from soleus.app.cli.relieve import run_relieve

        return run_relieve(sitting=options.sitting, timer=not options.no_timer)
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
