"""Who does the work: processes of this machine (pebble), or a Dask cluster. Both take tasks and give results as they come."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count, islice
from typing import Any

from extractor.batch.work import Result, Settings, Task, prepare, work
from extractor.errors import ExtractorError, InputError

Engine = Callable[[Iterator[Task]], Iterator[Result]]
MOST_TASKS = 2000
"""After so many inputs a process is replaced: what libraries keep of every text they saw would grow without end."""
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS")
PATIENCE = 30
"""Seconds to wait for a scheduler to answer, and for it to have a worker."""


@dataclass(frozen=True)
class Local:
    """`jobs` processes of this machine; one that crashes or outlasts `timeout` seconds on an input is replaced, and the input fails."""

    settings: Settings
    jobs: int
    timeout: float | None = None
    do: Callable[[Task, Settings], Result] = work

    def __call__(self, tasks: Iterator[Task]) -> Iterator[Result]:
        """The results of tasks, in the order in which they are ready; no process is started where there is no task."""
        first = next(tasks, None)
        if first is None:
            return
        from pebble import ProcessPool  # noqa: PLC0415 - only where there is work

        pending: dict[Future[Result], Task] = {}
        with one_thread_each():
            pool = ProcessPool(
                max_workers=self.jobs, max_tasks=MOST_TASKS, context=multiprocessing.get_context("spawn"),
                initializer=prepare, initargs=[self.settings],
            )  # fmt: skip
            try:
                for task in _chained(first, tasks):
                    pending[pool.schedule(self.do, args=[task, self.settings], timeout=self.timeout)] = task
                    while len(pending) > 2 * self.jobs:
                        yield from self._ready(pending)
                while pending:
                    yield from self._ready(pending)
            finally:
                pool.stop()
                pool.join()

    def _ready(self, pending: dict[Future[Result], Task]) -> Iterator[Result]:
        from pebble import ProcessExpired  # noqa: PLC0415 - see above

        for future in wait(pending, return_when=FIRST_COMPLETED).done:
            task = pending.pop(future)
            try:
                yield future.result()
            except FutureTimeout:
                said = f"{task.file.name}: took longer than {self.timeout:g} s: raise --timeout, then --retry-failed"
                yield Result(task.number, error=said, seconds=self.timeout or 0.0)
            except ProcessExpired as error:
                said = f"{task.file.name}: ended its process (exit code {error.exitcode}): give it more memory, then --retry-failed"
                yield Result(task.number, error=said)
            except ExtractorError:
                raise
            except Exception as error:  # No fault of a report, which `work` tells of: the pipeline itself does not load.
                raise _unable("process", error) from None


@dataclass(frozen=True)
class Dask:
    """The workers of a Dask scheduler at an address, or a local cluster of `jobs` of them. Dask does again what a lost worker had."""

    settings: Settings
    jobs: int
    timeout: float | None = None
    scheduler: str | None = None

    def __call__(self, tasks: Iterator[Task]) -> Iterator[Result]:
        """The results of tasks, in the order in which they are ready."""
        first = next(tasks, None)
        if first is None:
            return
        with ExitStack() as stack:
            client = self._client(stack)
            yield from self._results(client, _chained(first, tasks))

    def _client(self, stack: ExitStack) -> Any:
        try:
            from distributed import Client, LocalCluster  # noqa: PLC0415 - an extra
        except ImportError:
            raise InputError('--engine dask needs Dask, which is not installed: pip install "extractor[dask]"') from None
        if self.scheduler is None:
            stack.enter_context(one_thread_each())
            cluster = stack.enter_context(
                LocalCluster(n_workers=self.jobs, threads_per_worker=1, dashboard_address=None, memory_limit=0, silence_logs=50)
            )
            return stack.enter_context(Client(cluster, set_as_default=False))
        try:
            client = stack.enter_context(Client(self.scheduler, timeout=PATIENCE, set_as_default=False))
            client.wait_for_workers(1, timeout=PATIENCE)
        except (OSError, ValueError, TimeoutError) as error:
            said = str(error).split("\n", maxsplit=1)[0].rstrip(".") or type(error).__name__
            raise InputError(
                f"no Dask scheduler with workers answers at {self.scheduler} ({said}): check the address of --scheduler"
            ) from None
        return client

    def _results(self, client: Any, tasks: Iterator[Task]) -> Iterator[Result]:
        from distributed import as_completed  # noqa: PLC0415 - an extra

        pending: dict[str, Task] = {}
        ready = as_completed(loop=client.loop, raise_errors=False)
        do = partial(work, settings=self.settings, seconds=self.timeout)
        width = 2 * max(self.jobs, sum(client.nthreads().values()))
        for number in count():
            for task in islice(tasks, max(0, width - len(pending))):
                future = client.submit(do, task, pure=False)
                pending[future.key] = task
                ready.add(future)
            if not pending:
                return
            if number % 100 == 99:
                width = 2 * max(self.jobs, sum(client.nthreads().values()))
            future = next(ready)
            yield self._result(future, pending.pop(future.key))

    def _result(self, future: Any, task: Task) -> Result:
        from distributed import KilledWorker  # noqa: PLC0415 - an extra

        if future.status not in ("finished", "error"):
            raise InputError(f"the Dask scheduler is lost (the input {task.id} was {future.status}): start one and run the command again")
        error = future.exception()
        if error is None:
            return future.result()  # type: ignore[no-any-return]
        if isinstance(error, KilledWorker):
            late = f", or took longer than {self.timeout:g} s" if self.timeout else ""
            return Result(task.number, error=f"{task.file.name}: ended every worker that tried it (crashed, out of memory{late})")
        if isinstance(error, ExtractorError):
            raise error
        raise _unable("Dask worker", error)


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes started inside use one thread for linear algebra each: there are as many of them as cores are to be used."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _unable(worker: str, error: BaseException) -> InputError:
    said = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return InputError(f"a {worker} cannot do its work ({said}): free memory, or install extractor anew where it runs")


def _chained(first: Task, rest: Iterator[Task]) -> Iterator[Task]:
    yield first
    yield from rest
