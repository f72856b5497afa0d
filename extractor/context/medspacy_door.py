"""The one place medspaCy is imported, without what its package pulls in.

`import medspacy` loads PyRuSH, QuickUMLS, scikit-learn, pandas and nltk (1 to 5 s, 130 MB), starts a logger that writes to
standard error, and one of its modules switches all Python warnings off. ConText needs none of it, and QuickUMLS is not optional
there (since https://github.com/medspacy/medspacy/issues/8). So the package is entered without running `medspacy/__init__.py`, with
an empty QuickUMLS, and both are forgotten afterwards: a program that imports medspaCy itself gets the real one.
"""

import importlib
import importlib.util
import sys
import warnings
from types import ModuleType


def _import() -> tuple[ModuleType, ModuleType]:
    names = ("medspacy.context", "medspacy.common.util")
    if "medspacy" in sys.modules:
        first, second = map(importlib.import_module, names)
        return first, second
    spec = importlib.util.find_spec("medspacy")
    if spec is None:
        raise ImportError("medspacy is not installed: pip install medspacy")
    placeholders = {"medspacy": importlib.util.module_from_spec(spec)}
    if "quickumls" not in sys.modules:
        placeholders["quickumls"] = ModuleType("quickumls")
        placeholders["quickumls"].spacy_component = None  # type: ignore[attr-defined]
    sys.modules.update(placeholders)
    try:
        with warnings.catch_warnings():
            first, second = map(importlib.import_module, names)
    finally:
        for name in placeholders:
            del sys.modules[name]
    return first, second


_context, _util = _import()
ConTextGraph = _context.ConTextGraph
ConTextModifier = _context.ConTextModifier
ConTextRule = _context.ConTextRule
prune_overlapping_matches = _util.prune_overlapping_matches
