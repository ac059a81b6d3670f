"""The caps of tests/bench/replay.rs over the same rows, as numpy does it best: all subjects at once, one decision of each after the other.

usage: replay.py FOLDER ROWS SUBJECTS; reads the columns and scores that the benchmark wrote there, writes `chosen.i1` and prints seconds as JSON.
Scores are given: this is the time of rules and state alone.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

DAY = 86_400_000
WEEK, FORTNIGHT = 7 * DAY, 14 * DAY
# Value of each action; in the order of ties.
VALUES = (2.0, 3.0)


def main() -> None:
    folder, rows, subjects = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])

    def read(name: str, kind: str) -> np.ndarray:
        return np.fromfile(folder / name, dtype=kind, count=rows)

    subject, when = read("subject", "<u4"), read("time", "<i8")
    recency, age, visits = read("recency", "<i8"), read("age", "<i8"), read("visits", "<i8")
    consent, till = read("consent", "<u1"), read("till", "<u1")
    scores = read("score0", "<f8"), read("score1", "<f8")

    begun = time.perf_counter()
    passes = (consent == 1) & (age >= 18) & (recency <= 11) & (till == 0) & (visits * 2 + 3 > recency)
    worth = [np.round(score * value * 1e9) / 1e9 for score, value in zip(scores, VALUES)]
    ruled = time.perf_counter()

    # Rows by subject, then time; the number of each row among those of its subject.
    order = np.lexsort((when, subject))
    sorted_subject = subject[order]
    first = np.r_[True, sorted_subject[1:] != sorted_subject[:-1]]
    starts = np.flatnonzero(first)
    number = np.arange(rows) - np.repeat(starts, np.diff(np.r_[starts, rows]))
    by_number = np.argsort(number, kind="stable")
    steps = np.r_[0, np.cumsum(np.bincount(number))]

    long_ago = np.iinfo(np.int64).min // 2
    newest = np.full(subjects, long_ago)
    before = np.full(subjects, long_ago)
    last = [np.full(subjects, long_ago) for _ in VALUES]
    chosen = np.full(rows, -1, dtype=np.int8)
    for k in range(len(steps) - 1):
        at = order[by_number[steps[k] : steps[k + 1]]]
        at = at[passes[at]]
        who, now = subject[at], when[at]
        # Two in any seven days: the second newest must be gone.
        free = before[who] <= now - WEEK
        best = np.full(len(at), -np.inf)
        choice = np.full(len(at), -1, dtype=np.int8)
        for a in range(len(VALUES)):
            may = free & (last[a][who] <= now - FORTNIGHT) & (worth[a][at] > best)
            best[may] = worth[a][at][may]
            choice[may] = a
        chosen[at] = choice
        sent = choice >= 0
        who, now, choice = who[sent], now[sent], choice[sent]
        before[who] = newest[who]
        newest[who] = now
        for a in range(len(VALUES)):
            last[a][who[choice == a]] = now[choice == a]
    done = time.perf_counter()
    chosen.tofile(folder / "chosen.i1")
    print(json.dumps({"rules": ruled - begun, "state": done - ruled, "numpy": np.__version__}))


if __name__ == "__main__":
    main()
