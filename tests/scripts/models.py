#!/usr/bin/env python3
"""Boosted trees beside the libraries people use for them: LightGBM's own predict, and its trees compiled to C by tl2cgen.

    models.py FOLDER [CYCLES]

Trains 200 trees of 31 leaves on bank marketing (without `duration`, 62 one-hot inputs) from $ATTUNE_SHARED, or ../shared,
writes the model and the rows into FOLDER, and lets all of them score the same rows, in turns, on one thread each. Times are those on
the processor, so that other work of the machine counts little. Prints medians and, last, the ratios. Needs lightgbm, numpy, pandas; and treelite, tl2cgen and gcc for the compiled C, which is left out without.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import lightgbm
import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).resolve().parents[2]


def data():
    shared = pathlib.Path(os.environ.get("ATTUNE_SHARED", HERE / "../shared"))
    frame = pd.read_csv(shared / "data/bank_marketing/bank-additional-full.csv", sep=";")
    target = (frame.pop("y") == "yes").to_numpy()
    frame = frame.drop(columns="duration")
    # 0.1 in both worlds is the same number: inputs of trees are single precision.
    numbers = frame.select_dtypes("number").columns
    frame[numbers] = frame[numbers].astype("float32").astype("float64")
    return frame, target


def inputs(frame):
    """Name, input as the policy writes it, and column of the matrix: numbers as they are, a one-hot input per category."""
    for name in frame.columns:
        field = json.dumps(name.replace(".", "_"))
        if frame[name].dtype.kind in "if":
            yield f"(field:{field},encode:Number)", frame[name].to_numpy("float64")
        else:
            for category in sorted(frame[name].unique()):
                encode = f"OneHot(category:{json.dumps(category)},center:0.0,scale:1.0)"
                yield f"(field:{field},encode:{encode})", (frame[name] == category).to_numpy("float64")


def below(threshold):
    """The single-precision number t for which x < t says of single-precision x what x <= threshold says."""
    t = np.float32(threshold)
    if float(t) > threshold:
        return t
    return np.nextafter(t, np.float32(np.inf))


def lowered(root):
    nodes = []

    def add(node):
        at = len(nodes)
        nodes.append(None)
        if "leaf_value" in node:
            nodes[at] = (-1, np.float32(node["leaf_value"]), 0, 0, False)
        else:
            assert node["decision_type"] == "<=", node["decision_type"]
            left, right = add(node["left_child"]), add(node["right_child"])
            nodes[at] = (node["split_feature"], below(node["threshold"]), left, right, node["default_left"])
        return at

    add(root)
    columns = zip(*nodes)
    names = ["feature", "threshold", "left", "right", "missing_left"]
    written = [f"{name}:[{','.join(ron(x) for x in column)}]" for name, column in zip(names, columns)]
    return f"({','.join(written)})"


def ron(x):
    if isinstance(x, (bool, np.bool_)):
        return "true" if x else "false"
    return str(x) if isinstance(x, int) else repr(float(str(x)))


def write(folder, booster, frame, specs, margins):
    trees = ",\n".join(lowered(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"])
    function = f"Trees(base:0.0,trees:[{trees}],link:Logistic)"
    head = '(id:"bank",name:"Bank",target:"probability of a deposit",'
    (folder / "model.ron").write_text(f"{head}inputs:[{','.join(specs)}],function:{function},fallback:0.1)")
    columns, values = [], []
    for name in frame.columns:
        column, texts = frame[name], []
        if column.dtype.kind not in "if":
            texts = sorted(column.unique())
            column = column.map({text: code for code, text in enumerate(texts)})
        columns.append(f"({json.dumps(name.replace('.', '_'))},{json.dumps(texts)})")
        values.append(column.to_numpy("<f8"))
    (folder / "columns.ron").write_text(f"[{','.join(columns)}]")
    np.concatenate(values).tofile(folder / "values.bin")
    margins.astype("<f8").tofile(folder / "margins.bin")


def compiled(folder, booster):
    try:
        import tl2cgen
        import treelite
    except ImportError as error:
        print(f"without compiled C: {error}")
        return None
    library = folder / "trees.so"
    booster.save_model(folder / "model.txt")
    model = treelite.frontend.load_lightgbm_model(folder / "model.txt")
    tl2cgen.export_lib(model, toolchain="gcc", libpath=library, params={"parallel_comp": 8})
    return tl2cgen.Predictor(library, nthread=1)


def nanoseconds(work, rows):
    began = time.process_time_ns()
    work()
    return (time.process_time_ns() - began) / rows


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    cycles = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    frame, target = data()
    specs, columns = zip(*inputs(frame))
    matrix = np.ascontiguousarray(np.column_stack(columns))
    print(f"{matrix.shape[0]:,} rows × {matrix.shape[1]} inputs")
    settings = {"objective": "binary", "num_leaves": 31, "learning_rate": 0.1, "num_threads": 1, "verbose": -1, "seed": 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(matrix, target), num_boost_round=200)
    margins = booster.predict(matrix, raw_score=True)
    write(folder, booster, frame, specs, margins)

    contenders = {"LightGBM predict": lambda: booster.predict(matrix, num_threads=1)}
    predictor = compiled(folder, booster)
    if predictor:
        import tl2cgen

        single = tl2cgen.DMatrix(matrix, dtype="float64")
        assert np.abs(predictor.predict(single, pred_margin=True).ravel() - margins).max() < 1e-4
        contenders["compiled C (tl2cgen)"] = lambda: predictor.predict(single)
    bench = ["cargo", "bench", "-q", "-p", "attune-policy", "--bench", "models", "--", f"world={folder.resolve()}", "rounds=5"]
    times = {name: [] for name in [*contenders, "row by row", "in batches"]}
    for _ in range(cycles):
        for name, work in contenders.items():
            times[name] += [nanoseconds(work, len(matrix)) for _ in range(3)]
        output = subprocess.run(bench, cwd=HERE, check=True, capture_output=True, text=True).stdout
        row, batch = [line for line in output.splitlines() if line.startswith("nanoseconds")][0].split()[1:]
        times["row by row"].append(float(row))
        times["in batches"].append(float(batch))
    print(next(line for line in output.splitlines() if line.startswith("farthest")))
    medians = {name: statistics.median(of) for name, of in times.items()}
    for name, of in times.items():
        print(f"  {name:<24} median {medians[name]:8.0f} ns per row   {min(of):8.0f} – {max(of):8.0f}")
    for name, budget in [("LightGBM predict", "≥ 2.5"), ("compiled C (tl2cgen)", "≥ 1")]:
        if name in medians:
            print(f"  ratio {name} / in batches: {medians[name] / medians['in batches']:.2f}   (budget {budget})")


if __name__ == "__main__":
    main()
