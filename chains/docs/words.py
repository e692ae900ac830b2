"""The words of a question: which say what it is about, and which are misspelled."""

import re
from collections.abc import Iterator
from itertools import pairwise
from string import ascii_lowercase

# Words that say nothing of what is asked; FTS5 has no list of its own.
STOP_WORDS = frozenset(
    """
    a about all am an and any are as at be by can could did do does doesn don for
    from get give had has have how i if in is isn it its many me much my need no not
    of often on or our own please should so some tell than that the their them there
    these they this to us use was we were what when where which who why will with
    would you your
    """.split()  # noqa: SIM905 - a list would fill a screen
)

# Other words that are in every text, whatever it is about. A passage that answers may
# well say them otherwise: a question names its subject with another word.
EVERYDAY = frozenset(
    """
    able above accept across act actual add after again against ago agree allow
    almost alone along already also always among amount another answer anyone
    anything appear apply area around arrive ask attempt available avoid away
    back bad base basic bear beat become before begin behind believe belong
    below best better between big bit both break brief bring broken brought
    build built busy buy call came care carry case catch cause certain chance
    change cheap check choose clean clear close come common compare complete
    concern connect consider contain continue correct cost count course cover
    create current cut daily damage day deal decide deep depend describe
    different difficult discover discuss do done down draw drive drop due during
    each early easy eat either else empty end enjoy enough enter entire
    especially even evening ever every everyone everything exact example except
    exist expect expensive explain extra face fact fail fall familiar far fast
    feel few fill final find fine finish first fit fix fly follow forever forget
    forgot found free frequent friend full further gave general give given go
    going gone good got great grow guess half handle happen happy hard hear
    heard heavy held help here high hold home hope hot hour huge idea imagine
    immediate important improve include increase inside instead intend involve
    issue join just keep kept kind knew know known large last late later laugh
    lead learn least leave left less let lie life like likely limit line list
    listen little live long look lose lost lot love low made main maintain make
    man manage many matter maybe mean meant meet mention might mind minute miss
    mistake moment month more morning most move must name near necessary never
    new next nice night normal notice now number obtain obvious occur offer old
    once one only open order other others ought out outside over part particular
    pass past pay people perfect perhaps person pick piece place plan play point
    poor possible prefer prepare present pretty prevent previous probably
    problem produce proper provide pull purpose push put quick quiet quite raise
    ran rather reach read ready real reason receive recent recommend reduce
    regular remain remember remove repair repeat replace reply report require
    rest result return right rise run safe said same save saw say second see
    seem seen sell send sense sent separate serious set several shall short show
    shown shut side similar simple since single sit situation size sleep slow
    small smart sold solve somebody someone something sometimes somewhere soon
    sort sound speak special spend spent stand start state stay step still stop
    story straight strange strong stuff such suddenly suggest suit support
    suppose sure surprise switch take taken talk taught teach tend than thank
    then thing think thought thousand through throw time tired today together
    told tomorrow tonight too took top total touch toward travel treat trouble
    true trust try turn twice two type typical under understand unless until up
    upon useful usual various very visit wait wake walk want warn wash watch way
    wear week weekend weird well went whatever whether while whole wide win wish
    within without woman wonder word work world worry worse worst worth write
    written wrong wrote year yes yesterday yet young
    """.split()  # noqa: SIM905 - a list would fill some screens
)

SHORTEST, LONGEST = 5, 20
"""Letters of a word that is taken for misspelled. A shorter one has too many others
beside it."""

UNSPACED = (
    "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""The characters of Chinese, Japanese and Korean, in which no space ends a word."""

_CHARACTER = re.compile(f"([{UNSPACED}])")
_RUNS = re.compile(f"[{UNSPACED}]+|[^{UNSPACED}]+")
_SHORTENED = re.compile(r"['\u2019](?:s|t|re|ve|ll|d|m)\b")


def words(text: str) -> list[str]:
    """The words of *text*; where no space ends one, each two characters."""
    found = re.findall(r"[^\W_]+", _SHORTENED.sub(" ", text.lower()))
    return [word for each in found for word in _pairs(each)]


def _pairs(word: str) -> Iterator[str]:
    if word.isascii():  # As most are.
        yield word
        return
    for run in _RUNS.findall(word):
        if is_unspaced(run) and len(run) > 1:
            yield from map("".join, pairwise(run))
        else:
            yield run


def is_unspaced(word: str) -> bool:
    """Whether *word* is of a script in which no space ends a word."""
    return _CHARACTER.match(word) is not None


def spaced(text: str) -> str:
    """*text* with spaces around what `words` makes pairs of."""
    return text if text.isascii() else _CHARACTER.sub(r" \1 ", text)


def keywords(text: str) -> list[str]:
    return [word for word in words(text) if word not in STOP_WORDS]


def misspelled(word: str) -> Iterator[str]:
    """What *word* may have been, with the same first letter: two letters exchanged, one
    left out, too much, or wrong."""
    if not SHORTEST <= len(word) <= LONGEST:
        return
    for at in range(1, len(word) + 1):
        before, after = word[:at], word[at:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        if after:
            yield before + after[1:]
        for letter in ascii_lowercase:
            yield before + letter + after
            if after and len(word) > SHORTEST:
                yield before + letter + after[1:]
