"""The command line: each command calls one function. What is heavy is imported inside the commands, so that --help is instant."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from extractor.errors import ExtractorError, InputError, Interrupted
from extractor.exporters import formats

if TYPE_CHECKING:
    from rich.console import Console

    from extractor.evaluation import JudgedCase
    from extractor.schema import Case, Source

app = typer.Typer(
    name="extractor",
    help="Read clinical case reports and write what happened to the patient as a grounded timeline.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Files = Annotated[list[Path], typer.Argument(help="Case reports, folders and archives of them; - is standard input.", metavar="FILE...")]
Config = Annotated[Path | None, typer.Option(help="A pipeline config of your own instead of the default.", metavar="FILE")]
Model = Annotated[bool, typer.Option("--model/--no-model", help="Use the trained recogniser beside the rules.", show_default=False)]
Ocr = Annotated[bool, typer.Option("--ocr", help="Have ocrmypdf read the pages of PDF files that have no text.")]
MaxSize = Annotated[int, typer.Option(help="Refuse larger files (in MB).", min=1)]


Choice = TypeVar("Choice", bound=str)
WIDE = 160
"""Columns of a table that goes into a file or another program."""


@contextmanager
def told() -> Iterator[None]:
    """An error of ours ends the program with its sentence and exit code, never a traceback."""
    try:
        yield
    except ExtractorError as error:
        say(error)
        raise typer.Exit(error.exit_code) from None


def say(what: object) -> None:
    """What went wrong or is to be heeded, to standard error."""
    print(f"extractor: {what}", file=sys.stderr)


def console() -> "Console":
    """Where tables are shown: as wide as the terminal, or as a file can be."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDE)


def extracting(config: Path | None = None, model: bool = True) -> Callable[["Path | Source"], "Case"]:
    """The pipeline, loaded, as a function from a file (or a source already read) to its timeline."""
    from extractor import pipeline
    from extractor.annotate import load_pipeline, settle_memory

    nlp = load_pipeline(config, model=model)
    settle_memory()
    return lambda report: pipeline.extract(report, nlp)


@app.command()
def extract(
    files: Files,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write DIR/<id>.json for each file; without it only the table is shown.", metavar="DIR"),
    ] = None,
    table: Annotated[bool, typer.Option("--table", help="Show each timeline as a table as well.")] = False,
    max_size: MaxSize = 10,
    ocr: Ocr = False,
    config: Config = None,
    model: Model = True,
) -> None:
    """Extract the timeline of each case report."""
    from extractor.batch import extract_all
    from extractor.readers import sources
    from extractor.report.terminal import timeline_table

    shown, failed = console(), 0
    with told():
        for done in extract_all(sources(files, max_bytes=max_size * 1_000_000, ocr=ocr), output, extracting(config, model)):
            if done.error is not None:
                failed = max(failed, done.error.exit_code)
                say(done.error)
                continue
            assert done.case is not None
            if table or output is None:
                shown.print(timeline_table(done.case))
            for warning in done.case.warnings:
                say(f"{done.name}: {warning.message}")
            if done.written is not None:
                print(f"{done.written}: {len(done.case.facts)} facts")
    if failed:
        raise typer.Exit(failed)


@app.command()
def batch(
    inputs: Annotated[list[str], typer.Argument(help="Reports, folders, globs, archives, manifests (.tsv, .csv).", metavar="IN...")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Write documents and status.jsonl there.", metavar="DIR")],
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Processes that work side by side.", min=1)] = 1,
    form: Annotated[str, typer.Option("--format", help="json: a document a report; jsonl, parquet: tables in shards.")] = "json",
    shard: Annotated[str, typer.Option(help="The share of this job of an array, as in 3/64.", metavar="N/OF")] = "1/1",
    timeout: Annotated[float | None, typer.Option(help="Give up on a report after so many seconds.", min=0.1)] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try again what failed in an earlier run.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Remove what earlier runs wrote, and do all anew.")] = False,
    engine: Annotated[str, typer.Option(help="local, or dask.")] = "local",
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask scheduler; a cluster on this machine without it.", metavar="ADDRESS")
    ] = None,
    profile: Annotated[bool, typer.Option("--profile", help="Show where the time went.")] = False,
    max_size: MaxSize = 10,
    ocr: Ocr = False,
    config: Config = None,
    model: Model = True,
) -> None:
    """Extract the timelines of many reports; run again, it goes on where it ended."""
    from extractor.batch import inputs as given
    from extractor.batch.engines import Dask, Local
    from extractor.batch.run import Batch, Options
    from extractor.batch.work import Settings
    from extractor.report.progress import progress, stage_table

    with told():
        settings = Settings(config, chosen("--format", form, ("json", "jsonl", "parquet")), max_size * 1_000_000, ocr, profile, model)
        options = Options(given.Shard.parse(shard), retry_failed, fresh)
        if chosen("--engine", engine, ("local", "dask")) == "local" and scheduler is not None:
            raise InputError("--scheduler is for Dask: give --engine dask too")
        worker = Local(settings, jobs, timeout) if engine == "local" else Dask(settings, jobs, timeout, scheduler)
        found = given.Inputs(inputs, output)
        with progress(found.count // options.shard.of, say) as tell:
            work = Batch(found, output, settings, options, tell)
            try:
                with ended_by_signals():
                    work.run(worker)
            except KeyboardInterrupt:
                raise Interrupted(f"stopped: {work.summary}; the same command goes on from here") from None
    if profile:
        console().print(stage_table(work.summary.stages))
    print(f"{output}: {work.summary}")
    if work.summary.failed:
        say(f"{work.summary.failed} failed: {output}/status*.jsonl says why; --retry-failed tries them again")
        raise typer.Exit(InputError.exit_code)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM, which job schedulers send, ends the program as Ctrl-C does."""
    import signal

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def chosen(option: str, value: str, known: tuple[Choice, ...]) -> Choice:
    """The value of an option that knows some words; InputError where it is none of them."""
    for word in known:
        if word == value:
            return word
    raise InputError(f"{option} {value}: there are {', '.join(known)}")


@app.command()
def convert(
    files: Files,
    output: Annotated[Path, typer.Option("--output", "-o", help="Write <id>.txt and <id>.sections.json there.", metavar="DIR")],
    preview: Annotated[bool, typer.Option("--preview", help="Write <id>.html too: the text with its sections, to look at.")] = False,
    max_size: MaxSize = 10,
    ocr: Ocr = False,
) -> None:
    """Convert documents (PDF, JATS, HTML, EPUB, BioC, Word) to plain text with its sections."""
    from extractor.convert import convert_all
    from extractor.readers import sources

    failed = 0
    with told():
        for done in convert_all(sources(files, max_bytes=max_size * 1_000_000, ocr=ocr), output, preview=preview):
            if done.error is not None:
                failed = max(failed, done.error.exit_code)
                say(done.error)
            for path in done.written:
                print(path)
    if failed:
        raise typer.Exit(failed)


@app.command(epilog="\b\nFormats:\n" + "\n".join(f"  {name:12}{about}" for name, about in formats().items()))
def export(
    documents: Annotated[list[Path], typer.Argument(help="Timeline documents (.json), or folders of them.", metavar="DOC...")],
    to: Annotated[str, typer.Option("--to", help="One of the formats below.", metavar="FORMAT")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder that the files go to.", metavar="DIR")],
    loss_report: Annotated[Path | None, typer.Option(help="Write a table of what the format cannot carry.", metavar="TSV")] = None,
    epoch: Annotated[datetime | None, typer.Option(help="The date that day 0 is to have.", formats=["%Y-%m-%d"], metavar="DATE")] = None,
) -> None:
    """Export timeline documents to another format; what it cannot carry is counted, and listed with --loss-report."""
    from extractor.export import export_all

    with told():
        done = export_all(documents, to, output, loss_report=loss_report, epoch=epoch and epoch.date())
    for path in done.written:
        print(path)
    if done.losses:
        listed = f"{loss_report} lists it" if loss_report else "--loss-report FILE lists it"
        say(f"{to} does not carry everything ({len(done.losses)} points): {listed}")
    for problem in done.problems:
        say(problem)
    if done.problems:
        raise typer.Exit(max(problem.exit_code for problem in done.problems))


@app.command()
def schema() -> None:
    """Print the JSON Schema of the timeline document."""
    from extractor.schema import Case

    print(json.dumps(Case.model_json_schema(), indent=2, ensure_ascii=False))


@app.command()
def show(
    document: Annotated[Path, typer.Argument(help="A timeline document (JSON).")],
    fact: Annotated[str | None, typer.Argument(help="A fact's id: what it is, and the words it rests on.", metavar="FACT")] = None,
    page_image: Annotated[Path | None, typer.Option(help="Draw the page of the PDF with the fact's words marked.", metavar="PNG")] = None,
    pdf: Annotated[Path | None, typer.Option(help="The PDF, when not beside the document under its own name.", metavar="FILE")] = None,
) -> None:
    """Show a timeline document, or one fact of it, after checking that it keeps its promises."""
    from extractor.batch import write_whole
    from extractor.readers import read_bytes
    from extractor.report.terminal import fact_of, fact_text, timeline_table
    from extractor.schema import load

    with told():
        case = load(read_bytes(document), str(document))
        if fact is None and page_image is not None:
            raise InputError("--page-image needs a fact: name its id after the document, as in show DOC F3 --page-image page.png")
        shown = timeline_table(case) if fact is None else fact_text(case, fact_of(case, fact))
        console().print(shown)
        if fact is not None and page_image is not None:
            from extractor.report.page_image import drawn

            path = pdf or document.parent / (case.source.file or "")
            print(write_whole(page_image, drawn(read_bytes(path), fact_of(case, fact), str(path))))


@app.command()
def explain(
    document: Annotated[Path, typer.Argument(help="A timeline document (JSON).", metavar="DOC")],
    fact: Annotated[str, typer.Argument(help="A fact's id.", metavar="FACT")],
) -> None:
    """Say why a fact stands where it stands in time: its bounds, the constraints they come from, and the words of each."""
    from extractor.readers import read_bytes
    from extractor.report.explain import explanation
    from extractor.report.terminal import fact_of
    from extractor.schema import load

    with told():
        case = load(read_bytes(document), str(document))
        console().print(explanation(case, fact_of(case, fact)))


@app.command()
def report(
    documents: Annotated[Path, typer.Argument(help="A timeline document (JSON), or a folder of them.", metavar="DOC|DIR")],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="The page; for a folder the index, whose cases lie in a folder beside it.", metavar="PAGE"),
    ] = Path("report.html"),
) -> None:
    """Make a page to look at: the timeline drawn, beside it the text with its evidence. It needs no network."""
    from extractor.batch import make_folder, write_whole
    from extractor.report.documents import cases_of, load_case
    from extractor.report.page import file_of, index, page

    with told():
        if not documents.is_dir():
            print(write_whole(output, page(load_case(documents))))
            return
        if not output.suffix:
            raise InputError(
                f"{output}: the index of a folder is a file, with a folder of its name beside it: name it {output}.html with --output"
            )
        cases, refused = cases_of(documents)
        for error in refused:
            say(error)
        folder = output.with_suffix("")
        if cases:
            make_folder(folder)
        for case in cases:
            write_whole(folder / file_of(case), page(case, index=f"../{output.name}"))
        if cases:
            print(f"{write_whole(output, index(cases, folder.name))}: {len(cases)} cases, in {folder}")
    if refused:
        raise typer.Exit(max(error.exit_code for error in refused))


@app.command()
def plot(
    document: Annotated[Path, typer.Argument(help="A timeline document (JSON).", metavar="DOC")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The figure: .svg, .pdf or .png.", metavar="FILE")] = Path("timeline.svg"),
    order: Annotated[bool, typer.Option("--order", help="Space the steps evenly, in their order, instead of by days.")] = False,
) -> None:
    """Draw the timeline as a figure for a paper or a slide."""
    from extractor.batch import write_whole
    from extractor.report.documents import load_case

    with told():
        try:
            from extractor.report.plot import FORMATS
            from extractor.report.plot import plot as drawn
        except ModuleNotFoundError as missing:
            raise InputError(f"drawing a figure needs {missing.name}: install it with pip install 'extractor[plot]'") from None
        form = output.suffix.lower().removeprefix(".")
        if form not in FORMATS:
            raise InputError(f"{output}: a figure ends in {', '.join(f'.{name}' for name in FORMATS)}: name it so with --output")
        print(write_whole(output, drawn(load_case(document), form, "order" if order else "time")))


@app.command()
def evaluate(
    gold: Annotated[Path, typer.Argument(help="Gold: our YAML or JSON, brat, PubTator, PHEE, DocBin; a file or a folder.", metavar="GOLD")],
    predicted: Annotated[Path | None, typer.Argument(help="Timeline documents, or --run, or --given-facts.", metavar="PREDICTED")] = None,
    run: Annotated[bool, typer.Option("--run", help="Extract the gold's texts now, instead of reading documents.")] = False,
    given_facts: Annotated[bool, typer.Option("--given-facts", help="Place the gold's own facts in time: judges time alone.")] = False,
    against: Annotated[Path | None, typer.Option(help="Compare with the documents of another system.", metavar="OTHER")] = None,
    level: Annotated[list[str] | None, typer.Option(help="Judge only this level (may be repeated).", metavar="LEVEL")] = None,
    texts: Annotated[Path | None, typer.Option(help="Where the gold's texts lie, when not beside it.", metavar="DIR")] = None,
    labels: Annotated[Path | None, typer.Option(help="A table of the gold's labels and ours.", metavar="TSV")] = None,
    intervals: Annotated[bool, typer.Option("--intervals", help="Add means over documents and bootstrap 95% intervals.")] = False,
    mistakes: Annotated[bool, typer.Option("--errors", help="List every miss, invention and wrong value in its sentence.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the figures as CSV.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page with every error in its sentence.", metavar="PAGE")] = None,
    model: Model = True,
) -> None:
    """Judge timeline documents against gold: whole systems, one another, or two annotators."""
    from extractor import evaluation
    from extractor.batch import write_whole

    with told():
        options: dict[str, Any] = {"levels": levels_of(level, evaluation.LEVELS), "texts": texts, "labels": labels}
        if (predicted is not None) + run + given_facts != 1:
            raise InputError("name one of these to be judged: a folder of documents, --run, or --given-facts")
        if predicted is not None:
            result = evaluation.evaluate([gold], [predicted], **options)
        elif run:
            result = evaluation.evaluate_run([gold], extracting(model=model), **options)
        else:
            result = evaluation.evaluate_made([gold], placing(), **options)
        other = None if against is None else evaluation.evaluate([gold], [against], **options)
        if html is not None:
            write_whole(html, evaluation.page(result, other))
    if as_json:
        print(json.dumps(evaluation.as_dict(result, other), indent=1, ensure_ascii=False))
    elif as_csv:
        print(evaluation.as_csv(result, other), end="")
    else:
        console().print(evaluation.tables(result, intervals=intervals, against=other))
    if mistakes:
        print(evaluation.listing(m for g, p in result.pairs for m in evaluation.errors(g, p)))
    for problem in result.problems:
        say(problem)
    if result.problems or not result.pairs:
        raise typer.Exit(InputError.exit_code)


def levels_of(asked: list[str] | None, known: Sequence[str]) -> list[str] | None:
    """The levels asked for; InputError where one is not known."""
    for name in asked or ():
        if name not in known:
            raise InputError(f"no level named {name!r}: there are {', '.join(known)}")
    return asked or None


def placing() -> Callable[["JudgedCase"], "Case"]:
    """The temporal engine, loaded, as a function from a gold case to its facts in time."""
    from extractor.annotate import load_pipeline
    from extractor.evaluation.given import given

    nlp = load_pipeline()
    return lambda case: given(case, nlp)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="A timeline document, or a folder of them.", metavar="OLD")],
    new: Annotated[Path, typer.Argument(help="The same after an update.", metavar="NEW")],
    days: Annotated[float, typer.Option(help="Leave out moves in time of up to this many days.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the differences as JSON.")] = False,
) -> None:
    """Show what changed between timeline documents: facts added, gone, moved in time. Exits with 1 where something did."""
    from extractor.evaluation import diff as differences

    with told():
        found = differences.diff(old, new, days=days)
    print(json.dumps(differences.as_dict(found), indent=1, ensure_ascii=False) if as_json else differences.listing(found))
    for problem in found.problems:
        say(problem)
    if found.problems or found:
        raise typer.Exit(InputError.exit_code if found.problems else 1)


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Gold files (.yaml), timeline documents (.json), or folders.", metavar="FILE...")],
    texts: Annotated[Path | None, typer.Option(help="Where the texts of the gold files lie, when not beside them.", metavar="DIR")] = None,
) -> None:
    """Check gold files and timeline documents; every problem is listed with its line and remedy."""
    from extractor.evaluation.check import check as check_files

    wrong = False
    for checked in check_files(files, texts=texts):
        print(checked)
        wrong = wrong or bool(checked.problems)
    if wrong:
        raise typer.Exit(InputError.exit_code)


@app.command()
def mark(
    file: Annotated[Path, typer.Argument(help="A case report, or its timeline document (.json).", metavar="FILE")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write ID.yaml, and its text beside it.", metavar="ID.yaml")] = None,
    texts: Annotated[Path | None, typer.Option(help="Where the text lies or shall lie, when not beside it.", metavar="DIR")] = None,
    config: Config = None,
) -> None:
    """Draft a gold file from what is found in a report, to be corrected by hand."""
    from extractor.batch import write_whole
    from extractor.evaluation.draft import draft, draft_files
    from extractor.readers import read_bytes
    from extractor.schema import load

    with told():
        case = load(read_bytes(file), str(file)) if file.suffix == ".json" else extracting(config)(file)
        if output is None:
            print(draft(case), end="")
            return
        for path, content in draft_files(case, output, texts=texts).items():
            print(f"{write_whole(path, content)} written")


@app.command()
def train(
    output: Annotated[Path, typer.Argument(help="The folder of the new model; it must not exist yet.", metavar="MODEL")],
    shared: Annotated[
        Path, typer.Option(help="The folder that holds corpora/.", envvar="EXTRACTOR_SHARED", metavar="DIR", show_envvar=True)
    ] = Path("../shared"),
    configs: Annotated[Path, typer.Option(help="The folder of teacher.cfg and recogniser.cfg.", metavar="DIR")] = Path("models/configs"),
    without: Annotated[Path | None, typer.Option(help="A file of names of reports not to learn from, one a line.", metavar="FILE")] = None,
) -> None:
    """Train the recogniser anew on the public corpora, and print its scores."""
    from extractor.readers import read_bytes
    from extractor.training.train import train as trained

    with told():
        left_out = frozenset() if without is None else frozenset(read_bytes(without).decode("utf-8").split())
        print(json.dumps(trained(configs, shared, output, say, left_out), indent=1))
