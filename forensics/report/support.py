"""The confidence in words: how many pieces of evidence of which grade stand for and against a cause."""

from forensics.judgement import DECISIVE, STRONG, WEAK, Judgement

_GRADES = ((DECISIVE, "decisive"), (STRONG, "strong"), (WEAK, "weak"))


def support_text(judgement: Judgement) -> str:
    """Name what counts, by grade and by what was observed.

    Of several pieces that rest on one observation only the heaviest counts: this may name fewer than the report lists.
    """
    told = []
    for sign, side in ((1, "support"), (-1, "evidence against")):
        for grade, word in _GRADES:
            names = dict.fromkeys(one.witness or "other" for one in judgement.counted if one.weight == sign * grade)
            if names:
                told.append(f"{word} {side}: {', '.join(names)}")
    text = "; ".join(told) or "no evidence either way"
    return f"{text[0].upper()}{text[1:]}."
