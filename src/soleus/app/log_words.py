"""The words of one diary line: upper and lower case, typing slips and a little German made even, what was used marked.

A word is replaced only when it is one letter away from exactly one key word and is no ordinary word itself; every
replacement is told. What no rule has used is left over and becomes the note.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# One word for others: plurals, British and everyday words, number words, short names, the basics in German.
_SAME = """
0: zero
1: one eins
2: two zwei
3: three drei
4: four vier
5: five fünf fuenf
6: six sechs
7: seven sieben
8: eight acht
9: nine neun
10: ten zehn
11: eleven
12: twelve
20: twenty
30: thirty
1 times: once einmal
2 times: twice zweimal
times: mal
calf: calves calfs wade waden
foot: feet sole soles arch fuß fuss füße
toes: toe zehen zeh zehe
shin: shins schienbein
thigh: thighs quad quads oberschenkel
hamstring: hamstrings
leg: legs bein beine
left: links linke linker linken linkes
right: rechts rechte rechter rechten rechtes
both: beide beiden
cramp: krampf spasm cramping cramped
cramps: krämpfe kraempfe spasms
calf cramp: wadenkrampf
calf cramps: wadenkrämpfe
none: keine kein keinen nichts nil nothing
night: nacht
overnight: nachts
evening: abend
today: heute
yesterday: gestern
day before yesterday: vorgestern
now: jetzt gerade
last: letzte letzter
min: minute minutes mins minuten
s: sekunde sekunden sek second seconds secs sec
h: hour hours hrs hr stunde stunden std
half a: halbe halben
a: eine ein einen einer
pain: schmerz schmerzen schmerzstärke
at: um gegen @ around about approximately approx circa ca ungefähr
after: nach
while: beim
in: im
bed: bett
sleep: schlaf
walking: gehen
running: laufen
standing: stehen
exercise: sport sports
walk: spaziergang
woke: geweckt aufgewacht woken wakened awoke
stretching: dehnen dehnung stretch stretched stretches
massage: massaged massaging rubbing rubbed massieren
heat: wärme
helped: geholfen
and: und
noon: midday mittag
midnight: mitternacht
monday: montag mon
tuesday: dienstag tue tues
wednesday: mittwoch wed
thursday: donnerstag thu thur thurs
friday: freitag fri
saturday: samstag
sunday: sonntag
march: märz
may: mai
january: januar
february: februar
june: juni
july: juli
october: oktober
december: dezember
september: sept
"""
SAME = {month[:3]: month for month in MONTHS} | {
    word: line.partition(":")[0] for line in _SAME.strip().splitlines() for word in line.partition(":")[2].split()
}
KEY_WORDS = frozenset(WEEKDAYS) | _set(
    """
    left right both calf foot toes shin thigh hamstring cramp cramps last night none tonight today yesterday evening
    morning afternoon minutes minute seconds hours pain woke stretching massage asleep walking running standing
    exercise after helped midnight calves
    """
)
# Ordinary words one letter away from a key word: they mean themselves.
ORDINARY = _set(
    """
    after altar bath bone boot booth bother bright cafe call calm care chin clamp clamps crampy crimp crump cuff done
    eight evenings exercised exercises fast food fool foot's foots ford fort four fright gone half helper helps high
    hour hours lasts later latter least less lest lets lift light lighter list loft lost main message messages might
    moaning mornings mourning nights nine nope nose note paid pains paint pair pan passage past plain rain rights root
    ruining running second seconds section shine ship sight skin soot spin talk talking than then thigh thin thing
    things ties tight tones tops toss turning wake waking warning woken wore work your
    """
)
FILLER = _set(
    """
    a an the i me my in on of at and with for to was had have has got get it is there that this from by up so um , ; .
    - + & ! ? : / about during just only did do some ich hatte mit der die das den dem am von habe mich
    """
)
APART = "|"  # stands where words have been used


@dataclass(slots=True)
class Line:
    """A line that is being read: the rules take what they understand, the rest stays.

    ``text`` holds the evened words; what was taken is overwritten with ``|``. ``slips`` are the replaced typing slips.
    """

    text: str
    words: tuple[tuple[int, int, str], ...]
    slips: tuple[tuple[str, str], ...]
    kept: list[str] = field(default_factory=list)

    def take(self, pattern: str) -> re.Match[str] | None:
        """Give the first place where a pattern fits, and mark its words as used."""
        match = re.search(pattern, self.text)
        if match:
            start, end = match.span()
            self.text = self.text[:start] + APART * (end - start) + self.text[end:]
        return match

    def take_all(self, pattern: str) -> list[re.Match[str]]:
        """Give every place where a pattern fits, and mark the words as used."""
        found = []
        while match := self.take(pattern):
            found.append(match)
        return found

    def keep(self, match: re.Match[str]) -> None:
        """Put the person's own words of a used place into the note."""
        self.kept.append(self.own(match))

    def own(self, match: re.Match[str]) -> str:
        """Return a used place in the person's own spelling."""
        start, end = match.span()
        return " ".join(own for a, b, own in self.words if a < end and b > start).strip(" ,;")

    def rest(self) -> list[str]:
        """Return the runs of words that no rule has used, in the person's own spelling."""
        runs: list[list[tuple[str, bool]]] = [[]]
        for start, end, own in self.words:
            left = self.text[start:end].replace(APART, "").strip()
            if not left or own in ",;":
                runs.append([])
            else:
                runs[-1].append((own, left not in FILLER and any(c.isalnum() for c in left)))
        result = []
        for run in runs:
            while run and not run[-1][1] and run[-1][0].lower() in FILLER:
                run.pop()
            while run and run[0][0].lower() in ("and", "und", "-", "+", "&"):
                run.pop(0)
            if any(telling for _, telling in run):
                result.append(" ".join(own for own, _ in run).strip(" .!?,;:"))
        return result


def read_words(text: str) -> Line:
    """Return the words of a line made even, ready for the rules.

    Parameters
    ----------
    text : str
        What the person wrote.

    Examples
    --------
    >>> line = read_words("Left CLAF, two Minutes")
    >>> line.text, line.slips
    ('left calf , 2 min', (('CLAF', 'calf'),))
    """
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(c if c.isprintable() else " " for c in plain)  # nothing may steer a terminal later on
    for marks, one in (("‘’`´", "'"), ("−–—‐‑", "-"), ("~≈", " at "), ('()[]“”„"', " ")):
        for mark in marks:
            plain = plain.replace(mark, one)
    plain = re.sub(r"(?<=\d),(?=\d)", ".", plain)
    plain = re.sub(r"(?<=[^\W\d])[-/](?=[^\W\d])", " ", plain)
    own_words = re.findall(r"[,;]|[^\s,;]+", plain)
    words, slips, parts, at = [], [], [], 0
    for own in own_words:
        word = own.lower()
        if not re.fullmatch(r"\d{1,2}\.\d{1,2}\.|[ap]\.m\.", word):
            word = word.rstrip(".!?:") or word
        word = SAME.get(word, word)
        near = _slip_of(word)
        if near:
            slips.append((own, near))
            word = near
        word = re.sub(r"(?<=\d)(minutes?|mins?|minuten)$", "min", word)
        word = re.sub(r"(?<=\d)(seconds?|secs?|sek)$", "s", word)
        word = re.sub(r"(?<=\d)(hours?|hrs?)$", "h", word)
        parts.append(word)
        words.append((at, at + len(word), own))
        at += len(word) + 1
    return Line(text=" ".join(parts), words=tuple(words), slips=tuple(slips))


def _slip_of(word: str) -> str | None:
    """Return the one key word that a mistyped word is a letter away from, None when there is none or more than one."""
    if len(word) < 4 or not word.isalpha() or word in KEY_WORDS or word in ORDINARY or word in FILLER:
        return None
    if word in SAME.values():
        return None
    near = {SAME.get(key, key) for key in KEY_WORDS if len(key) >= 4 and _one_letter_apart(word, key)}
    if near == {"cramp", "cramps"}:
        near = {"cramps" if word.endswith("s") else "cramp"}
    return near.pop() if len(near) == 1 else None


def _one_letter_apart(word: str, key: str) -> bool:
    """Say whether one letter is wrong, missing, too many or two neighbors are swapped; the first letter is seldom."""
    if abs(len(word) - len(key)) > 1:
        return False
    start = 0
    while start < min(len(word), len(key)) and word[start] == key[start]:
        start += 1
    w, k = word[start:], key[start:]
    if len(w) > 1 and len(k) > 1 and w[0] == k[1] and w[1] == k[0] and w[2:] == k[2:]:
        return True
    return start > 0 and (w[1:] == k[1:] or w[1:] == k or w == k[1:])
