#!/usr/bin/env python3
"""A second opinion on a simulation, from the rows of `attune simulate --decisions OUT.csv` and nothing else.

    recompute.py OUT.csv [OUT.csv ...]

Prints one JSON object per file: support, values (SNIPS, IPS, IPS with empirical propensities, replay) with standard
errors per outcome (`reward` is the goal), share contacted, action mix, funnel and removals per cause. Formulas are those of the report's notes,
written again from their definitions; sums are exact (math.fsum). Standard library only.
"""

import csv
import json
import math
import sys

STAGES = ["Active", "Holdout", "Guard", "Override", "Eligibility", "Applicability", "Suitability",
          "Contact", "Arbitration", "Slots", "Budget", "Chosen"]


def grouped(residuals, subjects):
    """Residuals added within each subject."""
    sums = {}
    for residual, subject in zip(residuals, subjects):
        sums.setdefault(subject, []).append(residual)
    return [math.fsum(values) for values in sums.values()]


def ips(weights, rewards, subjects):
    n = len(rewards)
    products = [w * r for w, r in zip(weights, rewards)]
    value = math.fsum(products) / n
    sums = grouped([p - value for p in products], subjects)
    groups = len(sums)
    variance = math.fsum(u * u for u in sums) * groups / (groups - 1)
    return {"value": value, "se": math.sqrt(variance) / n}


def snips(weights, rewards, subjects):
    total = math.fsum(weights)
    value = math.fsum(w * r for w, r in zip(weights, rewards)) / total
    sums = grouped([w * (r - value) for w, r in zip(weights, rewards)], subjects)
    return {"value": value, "se": math.sqrt(math.fsum(u * u for u in sums)) / total}


def recompute(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    outcomes = [name for name in (rows[0] if rows else {}) if name == "reward" or name.startswith("reward:")]
    used = [row for row in rows if row["used"] == "1"]
    n = len(used)
    subjects = [row["subject"] for row in used]

    def chosen(row):
        return (row["action"], row["treatment"])

    def logged(row):
        return (row["logged_action"], row["logged_treatment"])

    matched = [chosen(row) == logged(row) for row in used]
    weights = [1.0 / float(row["pscore"]) if m else 0.0 for row, m in zip(used, matched)]
    counts = {}
    for row in used:
        counts[logged(row)] = counts.get(logged(row), 0) + 1
    empirical = [n / counts[logged(row)] if m else 0.0 for row, m in zip(used, matched)]
    ever = {logged(row) for row in rows if row["logged_arm"]}

    total, squares = math.fsum(weights), math.fsum(w * w for w in weights)
    support = {
        "n": n,
        "matched": sum(matched),
        "effective_sample_size": total * total / squares if squares else 0.0,
        "mean_weight": total / n if n else 0.0,
        "max_weight": max(weights, default=0.0),
        "share_above_10": sum(w > 10 for w in weights) / n if n else 0.0,
        "unlogged": sum(chosen(row) not in ever for row in used) / n if n else 0.0,
    }

    values = {}
    for outcome in outcomes:
        cells = [row[outcome] for row in used]
        known = [i for i, cell in enumerate(cells) if cell != ""]
        r = [float(cells[i]) for i in known]
        s = [subjects[i] for i in known]
        w = [weights[i] for i in known]
        if math.fsum(w) == 0 or len(set(s)) < 2:
            continue
        values[outcome] = {
            "Snips": snips(w, r, s),
            "Ips": ips(w, r, s),
            "IpsEmpirical": ips([empirical[i] for i in known], r, s),
            "Replay": snips([1.0 if x > 0 else 0.0 for x in w], r, s),
        }

    contacted = sum(row["action"] != "NoAction" for row in used)
    mix, removed, ended = {}, {}, dict.fromkeys(STAGES, 0)
    for row in used:
        key = "/".join(chosen(row))
        mix[key] = mix.get(key, 0) + 1
        for fate in row["fates"].split(";") if row["fates"] else []:
            stage, cause = fate.split("=", 1)[1].split(":", 1)
            ended[stage] += 1
            parts = cause.split(":")
            if parts[0] in ("Rule", "Cap", "Holdout"):
                name = ":".join(parts[:2])
                removed[name] = removed.get(name, 0) + 1
    inside = sum(ended.values())
    funnel = []
    for stage in STAGES:
        out = inside if stage == "Chosen" else inside - ended[stage]
        funnel.append([stage, inside, out])
        inside = out
    return {
        "decisions": len(rows),
        "support": support,
        "values": values,
        "share_contacted": contacted / n if n else 0.0,
        "mix": mix,
        "funnel": funnel,
        "removed": removed,
    }


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for path in sys.argv[1:]:
        print(json.dumps(recompute(path)))
