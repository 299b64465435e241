"""Read a case file (TOML, JSON or YAML) into a `Case`, with every mistake told and nothing dropped silently."""

from __future__ import annotations

import difflib
import json
import math
import re
import tomllib
from collections.abc import Hashable
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from soleus.core.case import Case
from soleus.core.message import Message, say, say_or
from soleus.core.problem import Problem

MOST_BYTES = 1_000_000  # choice: a thousand pages of text; a longer file is not one person's case
MOST_DOTS = 2_000  # choice: a line of a thousand sentences still passes
MOST_DEPTH = 12  # choice: a case is three levels deep; deeper nesting is a mistake or an attack
UNREADABLE = say("the case cannot be read")


class CaseError(ValueError):
    """The file could not be read as a case at all; `problems` says why and how to mend it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def _fail(code: str, where: str, what: str, fix: str, why: str = UNREADABLE) -> CaseError:
    return CaseError([Problem(code=code, level="error", where=where, what=what, why=why, fix=fix)])


def read_case(path: Path) -> tuple[Case, list[Problem]]:
    """Return the case in a file, and the problems found in reading it.

    Parameters
    ----------
    path : Path
        A ``.toml``, ``.json``, ``.yaml`` or ``.yml`` file in the form of docs/case.md.

    Returns
    -------
    Case, list of Problem
        A key that is unknown or of the wrong type is told as a problem and left out; the rest is used.

    Raises
    ------
    CaseError
        The file is missing, a folder, empty, binary, too large or not in a known format.
    """
    where = str(path)
    try:
        if path.is_dir():
            raise _fail("is_a_folder", where, say("this is a folder"), say("name the case file inside it"))
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except CaseError:
        raise
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise _fail("not_readable", where, why, say("check the name and that you may read it")) from None
    return parse_case(decode_case(raw, where), path.suffix.lower().lstrip(".") or "toml", where=where)


def decode_case(raw: bytes, where: str) -> str:
    """Return the text of a case file or of standard input; raises `CaseError` when it is too large or no text."""
    if len(raw) > MOST_BYTES:
        raise _fail(
            "too_large",
            where,
            say("the file has more than {most:,} bytes", most=MOST_BYTES),
            say("write one person's case in under {most:,} bytes", most=MOST_BYTES),
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _fail("binary", where, say("the file is not UTF-8 text"), say("save it as plain text in UTF-8")) from None
    if "\0" in text:
        raise _fail("binary", where, say("the file holds zero bytes"), say("save it as plain text in UTF-8"))
    return text


def parse_case(text: str, form: str, *, where: str = "case") -> tuple[Case, list[Problem]]:
    r"""Return the case written in `text`; ``form`` is toml, json, yaml or yml. Raises like `read_case`.

    Examples
    --------
    >>> case, problems = parse_case('age = 68\nhistory = ["diabetes"]', "toml")
    >>> case.age, case.history, problems
    (68.0, ('diabetes',), [])
    """
    if not text.strip():
        fix = say("write at least an age or one finding; see examples/")
        raise _fail("empty", where, say("the file is empty"), fix)
    loaders = {"toml": _load_toml, "json": _load_json, "yaml": _load_yaml, "yml": _load_yaml}
    if form not in loaders:
        what = say("files ending in .{ending} are not read", ending=form[:20])
        raise _fail("unknown_format", where, what, say("use .toml, .json or .yaml"))
    try:
        data = loaders[form](text)
    except RecursionError:
        raise _fail("too_deep", where, say("the nesting is too deep"), say("write the case as in examples/")) from None
    except ValueError as error:
        fix = say("correct the {form} at that place; each key may appear once", form=form.upper())
        raise _fail("syntax", where, _what_is_wrong(error), fix) from None
    if not isinstance(data, dict) or not data:
        raise _fail(
            "not_a_case",
            where,
            say("the file does not hold a case (keys and values)"),
            say("see examples/ for the form"),
        )
    return convert_case(data)


def _what_is_wrong(error: Exception) -> str:
    """Return what a reader of a format says, in one line; what we say of it ourselves stays a message."""
    said = error.args[0] if error.args else ""
    return said if isinstance(said, Message) else " ".join(str(error).split())[:300]


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(say("the key {key!r} appears twice", key=key))
        result[key] = value
    return result


def _no_constant(name: str) -> float:
    raise ValueError(say("{name} is not a number a person can have", name=name))


def _load_toml(text: str) -> Any:
    # The parser needs memory with the square of a dotted key's length: a.a.a.a... would fill the machine.
    if sum(line.count(".") ** 2 for line in text.splitlines()) > MOST_DOTS**2:
        raise ValueError(say("more than {most} dots stand on one line", most=MOST_DOTS))
    return tomllib.loads(text)


def _load_json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)


def _load_yaml(text: str) -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """Safe YAML without duplicate keys, tags and aliases (a small file could otherwise unfold into a huge one)."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.events.AliasEvent):
                raise ValueError(say("aliases (*) are not read"))
            if getattr(self.peek_event(), "tag", None) is not None:  # type: ignore[no-untyped-call]
                raise ValueError(say("tags (!) are not read"))
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
            seen = set()
            for key_node, _ in node.value:
                key = self.construct_object(key_node, deep=True)
                if not isinstance(key, str):
                    raise ValueError(say("the key {key!r} is not a word", key=key))
                if key in seen:
                    raise ValueError(say("the key {key!r} appears twice", key=key))
                seen.add(key)
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(text, Loader)
    except (yaml.YAMLError, ArithmeticError) as error:
        raise ValueError(str(error)) from None


def convert_case(data: dict[str, Any]) -> tuple[Case, list[Problem]]:
    """Return the case held in plain data, field by field, so that one mistake does not cost the rest."""
    problems: list[Problem] = []
    hints = get_type_hints(Case)
    fields: dict[str, Any] = {}
    for key, value in data.items():
        name = str(key)
        if name not in hints:
            problems.append(_unknown_key(name, list(hints), name))
            continue
        read = _convert_field(value, hints[name], name, problems)
        if read is not _NOTHING:
            fields[name] = read
    case = Case(**fields)
    return _check_numbers(case, problems), problems


_NOTHING = object()


def _convert_field(value: Any, hint: Any, where: str, problems: list[Problem]) -> Any:
    if _depth(value) > MOST_DEPTH:
        problems.append(_wrong(where, say("is nested too deeply")))
        return _NOTHING
    try:
        if not _is_text(value):
            raise msgspec.ValidationError(say("holds characters that are no text"))
        return msgspec.convert(value, hint, strict=True)
    except (msgspec.ValidationError, OverflowError) as error:
        message: str = error.args[0]
    # keep the items that are right, tell the ones that are not
    if isinstance(value, (list, tuple)) and get_origin(hint) is tuple:
        item_hint = get_args(hint)[0]
        kept = [_convert_field(item, item_hint, f"{where}[{i}]", problems) for i, item in enumerate(value)]
        return tuple(item for item in kept if item is not _NOTHING)
    if isinstance(value, dict) and get_origin(hint) is dict:
        item_hint = get_args(hint)[1]
        told = {str(k): _convert_field(v, item_hint, f"{where}.{k}", problems) for k, v in value.items()}
        return {k: v for k, v in told.items() if v is not _NOTHING and _is_text(k)}
    if isinstance(value, dict) and isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        hints = get_type_hints(hint)
        fields: dict[str, Any] = {}
        for key, part in value.items():
            if key not in hints:
                problems.append(_unknown_key(f"{where}.{key}", list(hints), str(key)))
                continue
            read = _convert_field(part, hints[key], f"{where}.{key}", problems)
            if read is not _NOTHING:
                fields[key] = read
        try:
            return msgspec.convert(msgspec.to_builtins(fields), hint)
        except (msgspec.ValidationError, TypeError) as error:
            message = str(error)
    problems.append(_wrong(where, message))
    return _NOTHING


def _depth(value: Any, level: int = 0) -> int:
    if level > MOST_DEPTH or not isinstance(value, (dict, list)):
        return level
    parts = value.values() if isinstance(value, dict) else value
    return max((_depth(part, level + 1) for part in parts), default=level)


def _is_text(value: Any) -> bool:
    """Tell whether all words in a value can be written: half of a surrogate pair can't."""
    if isinstance(value, dict):
        return all(_is_text(key) and _is_text(part) for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(_is_text, value))
    return not isinstance(value, str) or _written(value) == value


def _written(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _unknown_key(where: str, known: list[str], name: str) -> Problem:
    near = difflib.get_close_matches(name[:60], known, n=2, cutoff=0.5)
    fix = say("use one of: {names}", names=", ".join(sorted(known)))
    if near:
        fix = say("did you mean {names}?", names=say_or(near))
    return Problem(
        code="unknown_key",
        level="error",
        where=_written(where[:120]),
        what=say("{name!r} is not a part of a case", name=_written(name[:60])),
        why=say("what it says was not used"),
        fix=fix,
    )


def _wrong(where: str, message: str) -> Problem:
    fix = say("write it in the form that docs/case.md shows")
    if message.startswith("Expected `array`"):
        fix = say('write it as a list in square brackets, such as ["diabetes"]')
    return Problem(
        code="wrong_type",
        level="error",
        where=_written(where[:120]),
        what=_type_words(message),
        why=say("this item was not used"),
        fix=fix,
    )


def _type_words(message: str) -> str:
    """Return what the check of types says, as a message where it is one of the usual sentences."""
    if isinstance(message, Message):
        return message
    message = _written(message[:200])
    usual = re.fullmatch(r"Expected `(.+?)`, got `(.+?)`", message)
    return say("Expected `{wanted}`, got `{told}`", wanted=usual[1], told=usual[2]) if usual else message


def _is_finite(value: float | int | str | None) -> bool:
    try:
        return not isinstance(value, (float, int)) or math.isfinite(value)
    except OverflowError:  # a whole number with hundreds of digits
        return False


def _check_numbers(case: Case, problems: list[Problem]) -> Case:
    """Take out impossible numbers, telling each."""
    changes: dict[str, Any] = {}

    def refuse(where: str, what: str, fix: str) -> None:
        problems.append(
            Problem(
                code="impossible_value",
                level="error",
                where=where,
                what=what,
                why=say("this item was not used"),
                fix=fix,
            )
        )

    if case.age is not None and not (math.isfinite(case.age) and 0 <= case.age <= 120):
        refuse("age", say("age {age}", age=case.age), say("write the age in years, 0 to 120"))
        changes["age"] = None
    month = case.pregnancy_month
    if month is not None and not (math.isfinite(month) and 0 <= month <= 10.5):
        fix = say("write the month from 1 to 10 (weeks divided by 4.345)")
        refuse("pregnancy_month", say("month {month} of pregnancy", month=month), fix)
        changes["pregnancy_month"] = None
    kept = []
    for i, item in enumerate(case.measurements):
        numbers = [item.value, item.low, item.high]
        if not all(_is_finite(x) for x in numbers):
            what = say("{name}: not a finite number", name=item.name[:60])
            refuse(f"measurements[{i}]", what, say("write the number as printed"))
        else:
            kept.append(item)
    changes["measurements"] = tuple(kept)
    if case.pregnant and case.sex == "male":
        problems.append(
            Problem(
                code="contradiction",
                level="error",
                where="pregnant",
                what=say("pregnant, but sex is male"),
                why=say("one of them is wrong; pregnancy was not used"),
                fix=say("correct sex or pregnant"),
            )
        )
        changes.update(pregnant=None, pregnancy_month=None)
    return msgspec.structs.replace(case, **changes)
