"""matplotlib, loaded alone: without a user's settings, the machine's fonts, and traces on its disk.

By itself it reads `matplotlibrc` from the current folder, which may be a bundle's: a stranger would choose how pictures
are drawn (`text.usetex` runs LaTeX). It asks `fc-list` for every font of the machine, and keeps a list of them in the
user's folders. Pictures need the one font that it brings.
"""

import contextlib
import tempfile
from functools import cache

from forensics.environment import environment


@cache
def load_matplotlib() -> None:
    """Import what pictures are drawn with; later imports find it."""
    with tempfile.TemporaryDirectory(prefix="forensics-pictures-", ignore_cleanup_errors=True) as folder:
        alone = {
            "MATPLOTLIBRC": None,
            "MPLCONFIGDIR": folder,  # settings and the list of fonts
            "MPL_IGNORE_SYSTEM_FONTS": "1",
            "MPLBACKEND": None,
        }
        with environment(alone), contextlib.chdir(folder):
            import matplotlib.backends.backend_svg  # noqa: PLC0415 - see above
            import matplotlib.font_manager  # noqa: F401, PLC0415 - it looks for fonts when it is imported
