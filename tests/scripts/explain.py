#!/usr/bin/env python3
"""TreeSHAP beside the `shap` package (its C extension) and LightGBM's own contributions, on the same trees and rows.

    explain.py FOLDER [ROWS]

Trains 200 trees of 31 leaves on bank marketing as `models.py` does, writes them with the encoded rows into FOLDER, and lets all of
them explain the same rows. Seconds are those on the processor, all threads together, so that other work of the machine counts
little. The package is measured on fewer rows where it would take minutes. Prints how far the attributions lie apart and, last, the
ratios. Needs lightgbm, shap, numpy, pandas.
"""

import pathlib
import subprocess
import sys
import time

import lightgbm
import numpy as np
import shap

from models import HERE, data, inputs, lowered


def internal(root):
    """A tree as the package's own arrays, so that it walks them itself instead of asking LightGBM."""
    nodes = []

    def add(node):
        at = len(nodes)
        nodes.append(None)
        if "leaf_value" in node:
            nodes[at] = (-1, -1, -1, -2, -2.0, np.float64(np.float32(node["leaf_value"])), node["leaf_count"])
        else:
            left, right = add(node["left_child"]), add(node["right_child"])
            default = left if node["default_left"] else right
            nodes[at] = (left, right, default, node["split_feature"], node["threshold"], 0.0, node["internal_count"])
        return at

    add(root)
    names = ["children_left", "children_right", "children_default", "features", "thresholds", "values", "node_sample_weight"]
    tree = {name: np.array(column) for name, column in zip(names, zip(*nodes))}
    tree["values"] = tree["values"].reshape(-1, 1)
    tree["node_sample_weight"] = tree["node_sample_weight"].astype(float)
    return tree


def seconds(work, rounds=1):
    times = []
    for _ in range(rounds):
        began = time.process_time()
        result = work()
        times.append(time.process_time() - began)
    return sorted(times)[rounds // 2], result


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    frame, target = data()
    specs, columns = zip(*inputs(frame))
    matrix = np.ascontiguousarray(np.column_stack(columns))
    few = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    some = matrix[:: len(matrix) // few][:few]
    print(f"{matrix.shape[0]:,} rows × {matrix.shape[1]} inputs, the package on {len(some):,} of them")
    settings = {"objective": "binary", "num_leaves": 31, "learning_rate": 0.1, "num_threads": 2, "verbose": -1, "seed": 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(matrix, target), num_boost_round=200)
    structures = [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]
    trees = ",\n".join(lowered(root) for root in structures)
    head = '(id:"bank",name:"Bank",target:"probability of a deposit",'
    function = f"Trees(base:0.0,trees:[{trees}],link:Logistic)"
    (folder / "model.ron").write_text(f"{head}inputs:[{','.join(specs)}],function:{function},fallback:0.1)")
    matrix.astype("<f8").tofile(folder / "matrix.bin")

    bench = ["cargo", "bench", "-q", "-p", "attune-lab", "--bench", "explain", "--", f"world={folder.resolve()}"]
    output = subprocess.run(bench, cwd=HERE, check=True, capture_output=True, text=True).stdout
    ours = {line.split()[1]: float(line.split()[2]) / len(matrix) for line in output.splitlines() if line.startswith("seconds")}
    read = lambda name: np.fromfile(folder / f"ours-{name}.bin", "<f8").reshape(matrix.shape)

    contributions, theirs = seconds(lambda: booster.predict(some, pred_contrib=True))
    package = shap.TreeExplainer({"trees": [internal(root) for root in structures]})
    by_path, values = seconds(lambda: package.shap_values(some, check_additivity=False))
    background = matrix[[i * len(matrix) // 100 for i in range(100)]]
    against = shap.TreeExplainer({"trees": [internal(root) for root in structures]}, data=background)
    fewer = some[:100]
    by_rows, mixed = seconds(lambda: against.shap_values(fewer, check_additivity=False))
    places = np.arange(0, len(matrix), len(matrix) // few)[: len(some)]
    print(f"  farthest from LightGBM {np.abs(read('path')[places] - theirs[:, :-1]).max():.1e}, "
          f"from the package {np.abs(read('path')[places] - values).max():.1e}, "
          f"with background {np.abs(read('background')[places][: len(fewer)] - mixed).max():.1e}")
    rows = {
        "ours, path-dependent": ours["path"],
        "shap, C extension": by_path / len(some),
        "LightGBM pred_contrib": contributions / len(some),
        "ours, 100 background rows": ours["background"],
        "shap, 100 background rows": by_rows / len(fewer),
    }
    for name, per_row in rows.items():
        print(f"  {name:<26} {per_row * 1e6:10.1f} µs of processor per row")
    print(f"  ratio ours / shap: {rows['ours, path-dependent'] / rows['shap, C extension']:.3f}   (budget ≤ 1)")
    print(f"  ratio ours / LightGBM: {rows['ours, path-dependent'] / rows['LightGBM pred_contrib']:.3f}")
    print(f"  ratio ours / shap with background: "
          f"{rows['ours, 100 background rows'] / rows['shap, 100 background rows']:.4f}")


if __name__ == "__main__":
    main()
