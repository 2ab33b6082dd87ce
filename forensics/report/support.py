"""The confidence in words: how many pieces of evidence of which grade stand for and against a cause."""

from forensics.judgement import DECISIVE, STRONG, WEAK, Judgement
from forensics.report.language import tr
from forensics.report.words import listed, say
from forensics.text.said import Said

_SIDES = (
    (DECISIVE, Said("decisive support")),
    (STRONG, Said("strong support")),
    (WEAK, Said("weak support")),
    (-DECISIVE, Said("decisive evidence against")),
    (-STRONG, Said("strong evidence against")),
    (-WEAK, Said("weak evidence against")),
)


def support_text(judgement: Judgement) -> str:
    """Name what counts, by grade and by what was observed.

    Of several pieces that rest on one observation only the heaviest counts: this may name fewer than the report lists.
    """
    told = []
    for weight, side in _SIDES:
        names = dict.fromkeys(one.witness or "other" for one in judgement.counted if one.weight == weight)
        if names:
            words = tuple(tr(name) for name in names)
            told.append(tr("{side}: {names}").format(side=say(side), names=listed(words)))
    text = tr("; ").join(told) or tr("no evidence either way")
    return tr("{text}.").format(text=f"{text[0].upper()}{text[1:]}")
