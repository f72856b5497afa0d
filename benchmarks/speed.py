"""How fast the program is on one core: loading, reports a second, peak memory, the network, judging. Run on a quiet machine.

    python benchmarks/speed.py [TEXT...]

Without a text the article in corpus/ is read.
"""

import argparse
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

ROUNDS = 15


def seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The median processor time of some rounds of work, after one to warm up."""
    work()
    times = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return statistics.median(times)


def main() -> int:
    arguments = argparse.ArgumentParser(description="Measure the speed of the program on one core.")
    arguments.add_argument("texts", type=Path, nargs="*", default=[Path(__file__).parents[1] / "corpus" / "fonc-2025-1559085.txt"])
    texts = arguments.parse_args().texts
    began = time.process_time()
    from extractor.annotate import load_pipeline, settle_memory  # noqa: PLC0415 - its loading is measured
    from extractor.pipeline import extract  # noqa: PLC0415
    from extractor.schema import dump  # noqa: PLC0415

    nlp = load_pipeline()
    settle_memory()
    print(f"load                     {time.process_time() - began:8.2f} s")
    for text in texts:
        one = seconds(lambda text=text: dump(extract(text, nlp)))
        print(f"{text.stem:24} {1 / one:8.1f} a second ({1000 * one:.0f} ms, {text.stat().st_size / 1000:.1f} kB)")
    print(f"peak memory              {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MB")
    print(f"network of 400 facts     {1000 * seconds(network):8.0f} ms")
    print(f"500 documents judged     {seconds(judging, 3):8.1f} s")
    return 0


def network() -> object:
    """A chain of 400 facts that last, solved."""
    from extractor.timeline.network import DAY0, Link, solve  # noqa: PLC0415

    chain = [Link(a, b, 0, 30, 1, "usual") for a, b in pairwise([DAY0, *(f"F{i}" for i in range(400))])]
    return solve([*chain, *(Link(f"F{i}", f"F{i}.end", 21, 180, 1, "course") for i in range(400))])


def judging() -> object:
    """500 documents of 35 facts each, judged at every level that facts have."""
    from extractor.evaluation import TYPES, JudgedCase, JudgedFact, compare  # noqa: PLC0415

    chance = random.Random(1)

    def report(number: int) -> JudgedCase:
        facts = []
        for n in range(35):
            start, day = 60 * n + chance.randrange(10), n + chance.randrange(9)
            facts.append(JudgedFact(f"f{n}", TYPES[n % 6], f"name {n % 11}", ((start, start + 12),), {}, (day, day + 30), None, n))
        return JudgedCase(str(number), "words " * 400, tuple(facts))

    return compare([report(n) for n in range(500)], [report(n) for n in range(500)])


if __name__ == "__main__":
    sys.exit(main())
