"""How a timeline is judged against gold: cases paired by id, facts matched one to one, each score as counts that add up."""

from extractor.evaluation.gold import gold_files, read_case
from extractor.evaluation.judged import LEVELS, TYPES, JudgedCase, JudgedFact, JudgedPatient, judged
from extractor.evaluation.levels import METRICS, counts
from extractor.evaluation.metrics import match
from extractor.evaluation.mistakes import Mistake, errors, listing
from extractor.evaluation.page import page
from extractor.evaluation.pairs import Result, compare, evaluate, evaluate_made, evaluate_run
from extractor.evaluation.report import as_csv, as_dict, tables
from extractor.evaluation.rows import Row, total

__all__ = [
    "LEVELS", "METRICS", "TYPES", "JudgedCase", "JudgedFact", "JudgedPatient", "Mistake", "Result", "Row", "as_csv", "as_dict", "compare",
    "counts", "errors", "evaluate", "evaluate_made", "evaluate_run", "gold_files", "judged", "listing", "match", "page", "read_case",
    "tables", "total",
]  # fmt: skip
