"""The words of a phrase as concepts, when slips of the pen are mended and "the same" is known for what it is."""

from __future__ import annotations

from collections.abc import Sequence

from soleus.knowledge.lexicon import Lexicon
from soleus.knowledge.words import Token, american, cut, root_of, tokenize


def read_words(text: str, lexicon: Lexicon) -> list[Token]:
    """Give the words of a phrase as concepts.

    Parameters
    ----------
    text : str
        As `clean` gives it.
    lexicon : Lexicon

    Returns
    -------
    list of Token

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> from soleus.knowledge.word_lists import build_word_lists
    >>> lexicon = build_word_lists(load_evidence()).words
    >>> read_words("claudicatoin", lexicon)[0].key == read_words("claudication", lexicon)[0].key
    True
    """
    tokens = tokenize(cut(text, lexicon.tables), lexicon.tables)
    if any(t.kind == "word" and not t.known for t in tokens):
        tokens = [t._replace(known=True) if not t.known and t.key in lexicon.keys else t for t in tokens]
    if any(t.kind == "word" and not t.known and len(t.raw) >= 7 for t in tokens):
        tokens = [_respell(t, lexicon) if t.kind == "word" and not t.known else t for t in tokens]
    if any(t.kind == "family" for t in tokens):
        tokens = [_alike(tokens, i) for i in range(len(tokens))]
    return tokens


def _alike(tokens: Sequence[Token], i: int) -> Token:
    """Read "a brother with the same" and "two affected siblings" as relatives with the complaint."""
    token = tokens[i]
    following = tokens[i + 1].kind if i + 1 < len(tokens) else "end"
    last = following in ("end", "comma", "and") or (i + 1 < len(tokens) and tokens[i + 1].raw == "as")
    before = tokens[i - 1].kind if i else "end"
    affected = token.raw == "affected" and (last or following == "family" or before == "family")
    if affected or (token.raw in ("same", "likewise") and last):
        return Token("alike", "word", token.raw, False, True)
    return token


def _respell(token: Token, lexicon: Lexicon) -> Token:
    """Take a long word with one slip of the pen as the only word it can be."""
    raw = american(token.raw)
    if len(raw) < 7 or not raw.isalpha():
        return token
    near = [w for size in (len(raw) - 1, len(raw), len(raw) + 1) for w in lexicon.by_length.get(size, ())]
    near = [w for w in near if w[0] == raw[0]]
    if not near:
        return token
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    close = process.extract(raw, near, scorer=OSA.distance, score_cutoff=1, limit=None)
    roots = {root_of(word, lexicon.tables) for word, _, _ in close}
    meanings = {lexicon.tables.single.get(root, (root, "word")) for root in roots}
    if len(meanings) != 1:
        return token
    key, kind = meanings.pop()
    return Token(key, kind, token.raw, token.raw.endswith("s") and kind == "part", True)
