"""Sentences that can be said in another language: text that remembers what it was made from.

Rooms that compute make their sentences with `say` and read them as plain English text; a page that speaks another
language takes the template to its catalog and fills it again. Nothing else in the program needs to know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Message(str):
    """An English sentence with its template and values, or with the parts that it is joined from.

    It is a `str` in every respect; cutting or joining it by the methods of `str` gives plain text.
    """

    template: str
    plural: str
    values: Mapping[str, object]
    parts: Sequence[str]


def say(template: str, /, **values: object) -> Message:
    """Return a sentence filled like `str.format`.

    Parameters
    ----------
    template : str
        A literal, so that it is found for translation.
    **values
        Numbers, dates, text and other messages.

    Examples
    --------
    >>> sentence = say("pain {pain:.1f} of 10", pain=6.5)
    >>> sentence, sentence.template
    ('pain 6.5 of 10', 'pain {pain:.1f} of 10')
    """
    return _made(template.format(**values), template, "", values)


def say_count(one: str, many: str, /, n: int, **values: object) -> Message:
    """Return the sentence for one thing or for many; ``{n}`` in it is the number.

    Examples
    --------
    >>> say_count("{n} cramp", "{n} cramps", 1), say_count("{n} cramp", "{n} cramps", 0)
    ('1 cramp', '0 cramps')
    """
    values = {"n": n, **values}
    return _made((one if n == 1 else many).format(**values), one, many, values)


def say_all(parts: Sequence[str], between: str = " ") -> Message:
    """Return sentences one after the other, each of which keeps what it was made from.

    Examples
    --------
    >>> say_all([say("One."), say("Two.")])
    'One. Two.'
    """
    made = Message(between.join(parts))
    made.template, made.plural, made.values, made.parts = between if parts else "", "", {}, tuple(parts)
    return made


def say_or(names: Sequence[str]) -> Message:
    """Return names, at least one, of which one is meant.

    Examples
    --------
    >>> say_or(["sodium", "potassium", "calcium"])
    'sodium or potassium or calcium'
    """
    told = say("{name}", name=names[0])
    for name in names[1:]:
        told = say("{one} or {other}", one=told, other=name)
    return told


def say_as(words: str, template: str, /, **values: object) -> Message:
    """Return a sentence whose English is given: a date in words, or a label in small letters, as English writes it.

    Another language fills the template in its own way.

    Parameters
    ----------
    words : str
        The English.
    template : str
        What other languages take: a literal, or a text of the evidence base.
    **values
        As in `say`.

    Examples
    --------
    >>> label = say_as("calcium, total", "Calcium, total")
    >>> label, label.template
    ('calcium, total', 'Calcium, total')
    """
    return _made(words, template, "", values)


def _made(text: str, template: str, plural: str, values: Mapping[str, object]) -> Message:
    made = Message(text)
    made.template, made.plural, made.values, made.parts = template, plural, values, ()
    return made
