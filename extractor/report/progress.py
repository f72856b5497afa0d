"""How far a batch is: a bar on a terminal, nothing elsewhere; and where its time went."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text


class _Rate(ProgressColumn):
    """Reports a second, lately."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "")


@contextmanager
def progress(total: int, say: Callable[[str], None]) -> Iterator[Callable[[Sequence[str]], None]]:
    """A function that is told of each input when it is done, with the reasons why it failed, if it did; it says those."""
    console = Console(stderr=True)
    columns = (TextColumn("reports"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total)

        def tell(reasons: Sequence[str]) -> None:
            bar.advance(task)
            if bar.tasks[0].completed > (bar.tasks[0].total or 0):
                bar.update(task, total=bar.tasks[0].completed)  # An archive counts as one until it is opened.
            for reason in reasons:
                say(reason)

        yield tell


def stage_table(stages: Mapping[str, float]) -> Table:
    """The seconds of each stage of a pipeline, the longest first."""
    table = Table("stage", "seconds", "share", title="Where the time went")
    for column in table.columns[1:]:
        column.justify = "right"
    whole = sum(stages.values()) or 1.0
    for stage, seconds in sorted(stages.items(), key=lambda item: -item[1]):
        table.add_row(stage, f"{seconds:.2f}", f"{100 * seconds / whole:.1f} %")
    return table
