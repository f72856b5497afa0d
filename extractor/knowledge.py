"""What a pipeline knows, as one digest: its config, the package's knowledge files, and the files and models that the config names.

spaCy is not needed for it, so that a batch that has nothing left to do need not load it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from confection import Config

from extractor.errors import DataError

MODELS = "extractor_models"
RECOGNISER = "extractor_recogniser"
DEFAULT_CONFIG = Path(__file__).parent / "default.cfg"
_PATTERNS = ("*.tsv", "*.yaml", "*.json", "*.cfg")
_FOLDERS = frozenset({"folders", "rules"})
_MODELS = frozenset({"model", "path", "source"})
"""Settings of a component that may name knowledge files, and those that may name a trained model, every file of which counts."""


def model_folder(model: str) -> Path:
    """The folder of a trained model: by its path, or by the name of one that comes with the program; DataError where there is none."""
    for folder in (Path(model), Path(str(resources.files(MODELS))) / model):
        if (folder / "config.cfg").is_file():
            return folder
    raise DataError(f"{model}: there is no trained model of that name, and no folder with a config.cfg: name one, or use --no-model")


@cache
def pipeline_of(config: Path | None = None, *, model: bool = True) -> tuple[str, str]:
    """The name of a pipeline and its digest "sha256:…": two equal digests give equal documents. Without `model` the trained recogniser
    is left out. DataError where the config is broken."""
    path = config or DEFAULT_CONFIG
    try:
        content = path.read_bytes()
        settings = Config().from_bytes(content, interpolate=False)
    except OSError as error:
        raise DataError(f"{path}: the pipeline config cannot be read ({error.strerror}): check its name") from None
    except ValueError as error:
        said = " ".join(line.strip() for line in str(error).splitlines() if line.strip())
        raise DataError(f"{path} is no pipeline config ({said}): copy extractor/default.cfg and change the copy") from None
    package = Path(__file__).parent
    own = [p for pattern in _PATTERNS for p in package.rglob(pattern)]
    used = [c for c in settings.get("components", {}).values() if model or c.get("factory") != RECOGNISER]
    digest = hashlib.sha256(content + (b"" if model else b"rules alone"))
    for file in [*sorted(own), *sorted(_named(used))]:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return path.stem, f"sha256:{digest.hexdigest()}"


def _named(components: Any) -> Iterator[Path]:
    """The files of what the components of a config name."""
    for component in components:
        for key, value in component.items() if isinstance(component, Mapping) else ():
            for name in [value] if isinstance(value, str) else value if isinstance(value, list) else ():
                if key in _FOLDERS:
                    yield from _files(Path(name), _PATTERNS)
                elif key in _MODELS:
                    yield from _files(model_folder(name), ("*",))


def _files(path: Path, patterns: tuple[str, ...]) -> list[Path]:
    return [path] if path.is_file() else [p for pattern in patterns for p in path.rglob(pattern) if p.is_file()]
