"""Gold and predictions as others write them. Each format is told by its file, and each says which levels it can be gold of."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from extractor.errors import ExtractorError, InputError
from extractor.evaluation.formats.brat import read_brat
from extractor.evaluation.formats.marked import is_marked, read_marked
from extractor.evaluation.formats.phee import read_phee
from extractor.evaluation.formats.pubtator import is_pubtator, read_pubtator
from extractor.evaluation.gold import contents, read_case
from extractor.evaluation.judged import JudgedCase

__all__ = ["read_cases"]


def read_cases(path: Path, texts: Path | None = None, labels: Path | None = None) -> Iterator[JudgedCase | ExtractorError]:
    """Each case of a file, or what is wrong with it, so that one bad document does not hide the others of its file.

    `texts` is where the .txt of a gold .yaml or .ann lie when not beside it; `labels` is a table of labels to read those of others by.
    """
    try:
        yield from _cases(path, texts, labels)
    except ExtractorError as error:
        yield error


def _cases(path: Path, texts: Path | None, labels: Path | None) -> Iterator[JudgedCase | InputError]:
    name = path.name.lower()
    if name.endswith(".ann"):
        yield read_brat(path, texts, labels)
    elif name.endswith(".spacy"):
        # spaCy takes a second to load, and only this format needs it.
        yield from importlib.import_module("extractor.evaluation.formats.docbin").read_docbin(path, labels)
    elif name.endswith((".pubtator", ".txt")):
        if not is_pubtator(contents(path)[:4096].decode("utf-8", errors="replace")):
            raise InputError(f"{path}: is neither gold nor a prediction: a PubTator file begins with ID|t| and the title")
        yield from read_pubtator(path, labels)
    elif name.endswith((".json", ".jsonl")) and _is_lines(path):
        yield from read_phee(path, labels)
    elif name.endswith((".yaml", ".yml")) and is_marked(content := _loaded(path)):
        yield from read_marked(path, content)
    else:
        yield read_case(path, texts)


def _is_lines(path: Path) -> bool:
    """Whether a JSON file is sentences of PHEE's, an object a line, and no timeline document, which is one object on many lines."""
    first = contents(path)[:65536].lstrip(b"\xef\xbb\xbf \r\n\t").split(b"\n", 1)[0].strip()
    return first.startswith(b"{") and b'"annotations"' in first and b'"context"' in first and b'"schema_version"' not in first


def _loaded(path: Path) -> Any:
    """The content of a YAML file; None where it is none, which its own reader says better."""
    content = contents(path)
    if not re.search(rb"^cases:", content, re.MULTILINE):
        return None
    try:
        return yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
