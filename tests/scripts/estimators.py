#!/usr/bin/env python3
"""Every off-policy estimator with paired bootstrap resamples, as one writes it in numpy: the peer of tests/bench/estimators.rs.

    estimators.py FOLDER RESAMPLES

FOLDER holds w, r, q and q_target as little-endian float64. Prints the values and the seconds taken, as JSON.
"""

import json
import pathlib
import sys
import time

import numpy as np

LIMITS = [1, 2, 5, 10, 50, 100]
SHRINKAGES = [0, 0.01, 0.1, 0.5, 1]


def terms(w, r, q, q_target):
    """Per-round terms of each estimator; self-normalised ones as (fixed, weighted, weight)."""
    e = r - q
    out = {"ipw": w * r, "snipw": (0.0, w * r, w), "dm": q_target, "dr": q_target + w * e, "sndr": (q_target, w * e, w)}
    for limit in LIMITS:
        cut = np.minimum(w, limit)
        out[f"ipw_clip_{limit}"] = cut * r
        out[f"dr_clip_{limit}"] = q_target + cut * e
    for limit in [0] + LIMITS:
        out[f"switch_dr_{limit}"] = q_target + w * e * (w <= limit)
    for limit in [0, 1, 10, 100, 1000]:
        out[f"dros_{limit}"] = q_target + (limit * w / (w * w + limit) if limit else 0.0) * e
    for shrinkage in SHRINKAGES:
        soft = w / (1 - shrinkage + shrinkage * w)
        out[f"sgipw_{shrinkage}"] = soft * r
        out[f"sgdr_{shrinkage}"] = q_target + soft * e
    return out


def mean(term, rows=None):
    if isinstance(term, tuple):
        fixed, weighted, weight = (x if rows is None or np.isscalar(x) else x[rows] for x in term)
        return float(np.mean(fixed) + np.mean(weighted) / np.mean(weight))
    return float(np.mean(term if rows is None else term[rows]))


def main():
    folder, resamples = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    w, r, q, q_target = (np.fromfile(folder / name, "<f8") for name in ["w", "r", "q", "q_target"])
    began = time.perf_counter()
    all_terms = terms(w, r, q, q_target)
    values = {key: mean(term) for key, term in all_terms.items()}
    points = time.perf_counter() - began
    random = np.random.default_rng(1)
    began = time.perf_counter()
    for _ in range(resamples):
        rows = random.integers(0, len(w), len(w))
        for term in all_terms.values():
            mean(term, rows)
    resample = (time.perf_counter() - began) / resamples
    print(json.dumps({"values": values, "points": points, "resample": resample}))


main()
