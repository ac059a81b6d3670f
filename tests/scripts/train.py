#!/usr/bin/env python3
"""The peers of tests/bench/train.rs: scikit-learn's logistic regression and LightGBM, on the rows that it wrote.

    train.py logistic|boosted FOLDER ROUNDS

Fits the same numbers ROUNDS times with as many threads as the machine has, and prints one line: median and lowest wall-clock time
in nanoseconds, AUC on the rows left out, then intercept and coefficients of a logistic regression. Of scikit-learn's solvers
the quickest is taken that settles: newton-cholesky or lbfgs. Needs numpy, scikit-learn and lightgbm.
"""

import pathlib
import statistics
import sys
import time

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score


def timed(make, x, y, rounds):
    times = []
    for _ in range(rounds):
        model = make()
        began = time.perf_counter_ns()
        model.fit(x, y)
        times.append(time.perf_counter_ns() - began)
    return model, statistics.median(times), min(times)


def main():
    kind, folder, rounds = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    train, test, inputs = map(int, (folder / "shape.txt").read_text().split())
    read = lambda name: np.fromfile(folder / name, dtype="<f8")
    x, held_out = read("train.bin").reshape(train, inputs), read("test.bin").reshape(test, inputs)
    y, labels = read("y.bin"), read("labels.bin")
    if kind == "logistic":
        makes = [
            lambda: LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-8, max_iter=1000),
            lambda: LogisticRegression(C=1.0, solver="lbfgs", tol=1e-8, max_iter=10_000),
        ]
    else:
        import lightgbm

        makes = [
            lambda: lightgbm.LGBMClassifier(
                n_estimators=200, num_leaves=31, learning_rate=0.05, subsample=0.8, subsample_freq=1, colsample_bytree=0.8, verbose=-1
            )
        ]
    model, median, lowest = min((timed(make, x, y, rounds) for make in makes), key=lambda run: run[1])
    numbers = [median, lowest, roc_auc_score(labels, model.predict_proba(held_out)[:, 1])]
    if kind == "logistic":
        numbers += [model.intercept_[0], *model.coef_[0]]
    print(*(repr(float(number)) for number in numbers))


main()
