"""How Windows writes dates and times of day in the world's regions, as far as reading them back needs it.

3/4/2019 is the third of April almost everywhere and the fourth of March in a few regions. Windows takes its formats
from its own locale tables (LOCALE_SSHORTDATE, LOCALE_S1159, LOCALE_S2359), which are near to those of CLDR.
"""

# Locales, as `systeminfo` names them, whose short date begins with the month: those of CLDR that Windows knows.
_CLDR = {"en-us", "en-as", "en-gu", "en-mh", "en-mp", "en-ph", "en-pr", "en-um", "en-vi"}
_CLDR |= {"es-pa", "es-pr", "fil-ph", "chr-cher-us"}
# Not in CLDR, but said of older Windows; not seen on a real machine. A locale listed here by mistake costs certainty,
# one missing costs truth.
_DOUBTFUL = {"en-zw", "en-029", "es-us", "ne-np", "sw-ke"}
MONTH_FIRST = frozenset(_CLDR | _DOUBTFUL)

# Marks of the half of the day, in lower case without dots and blanks: Latin; Greek; Chinese; Japanese; Korean; Arabic;
# Persian; Afrikaans; Albanian; Vietnamese; Hungarian; Czech; Swedish; Hindi. Any other leaves both halves open.
MORNING = frozenset({"am", "πμ", "上午", "午前", "오전", "ص", "قظ", "vm", "pd", "sa", "de", "dop", "fm", "पूर्वाह्न"})
AFTERNOON = frozenset({"pm", "μμ", "下午", "午後", "오후", "م", "بظ", "nm", "md", "ch", "du", "odp", "em", "अपराह्न"})

BUDDHIST_ERA = 543  # years that Thailand is ahead: 2562 is 2019
