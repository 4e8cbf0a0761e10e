#!/usr/bin/env python3
"""Prints the golden cases and, where they are, the reference cases as commands for cluster_test.sh.

usage: cluster_cases.py GOLDEN CASES      one command a line: NAME|ARGUMENTS, what is written goes to "out"
"""
import json
import pathlib
import sys


def show(name, words):
    if not any(" " in word or "|" in word for word in words):
        print(f"{name}|{' '.join(words)}")


def given(folder, files):
    """Flags with the files that are there."""
    words = []
    for flag, name in files.items():
        if (folder / name).exists():
            words += [flag, str(folder / name)]
    return words


def golden_attention(folder):
    config = json.loads((folder / "config.json").read_text())
    words = ["run", "-x", str(folder / "x.npy"), "-w", str(folder), "--heads", str(config["heads"])]
    words += ["--causal"] if config["causal"] else []
    if "scale" in config:
        words += ["--scale", str(config["scale"])]
    show(f"golden attention {folder.name}", words + ["--save", "scores,weights,context,output,stats", "-o", "out"])


def golden_model(folder):
    words = ["run"] + given(folder, {"-w": "model.safetensors", "--token-ids": "token_ids.npy",
                                     "--token-type-ids": "token_type_ids.npy", "--positions": "positions.npy",
                                     "-x": "embeddings.npy", "--hidden-states": "hidden_states.npy"})
    save = ["weights", "output", "stats"]
    save += [name for name in ("hidden", "logits") if (folder / f"expected/{name}.npy").exists()]
    show(f"golden model {folder.name}", words + ["--save", ",".join(save), "-o", "out"])


def across_layers(folder, cases):
    for number, run in enumerate(json.loads((folder / "case.json").read_text())["runs"]):
        flags = [flag.replace("{case}", str(folder)).replace("{nano-gpt}", str(cases / "nano-gpt"))
                 for flag in run["flags"]]
        show(f"{folder.name}, {number}", [run["command"], *flags, "-o", "out", "--json"])


def approximation(folder):
    case = json.loads((folder / "case.json").read_text())
    if not isinstance(case, dict) or set(case.get("inputs", {})) != {"q", "k", "v"} or "spec" not in case:
        return
    words = ["approx"]
    for name, path in case["inputs"].items():
        words += [f"-{name}", str((folder / path).resolve())]
    words += ["--causal"] if case.get("causal") else []
    show(folder.name, words + ["--method", case["spec"], "--per-head", "--json"])


def onnx(folder):
    case = json.loads((folder / "case.json").read_text())
    attributes = {name: value for name, value in case["attributes"].items() if value is not None}
    words = ["run"] + given(folder, {"-q": "Q.npy", "-k": "K.npy", "-v": "V.npy", "--mask": "attn_mask.npy",
                                     "--past-key": "past_key.npy", "--past-value": "past_value.npy",
                                     "--key-lengths": "nonpad_kv_seqlen.npy"})
    heads = attributes.get("q_num_heads")
    if heads:
        words += ["--heads", str(heads), "--kv-heads", str(attributes.get("kv_num_heads", heads))]
    for name, flag in (("scale", "--scale"), ("softcap", "--softcap")):
        if attributes.get(name):
            words += [flag, str(attributes[name])]
    if attributes.get("is_causal"):
        words.append("--causal")
    window = [attributes.get(f"{side}_window_size", -1) for side in ("left", "right")]
    if max(window) >= 0:
        words += ["--window", f"{window[0]},{window[1]}"]
    show(folder.name, words + ["--save", "scores,weights,context,output,stats", "-o", "out"])


def main():
    golden, cases = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
    for folder in sorted((golden / "attention").iterdir()):
        golden_attention(folder)
    for folder in sorted((golden / "models").iterdir()):
        golden_model(folder)
    for folder in sorted(cases.glob("onnx-attention/*/")):
        onnx(folder)
    for folder in sorted(cases.glob("layers/*/")):
        if (folder / "case.json").exists():
            across_layers(folder, cases)
    for folder in sorted(cases.glob("approx/*/")):
        if (folder / "case.json").exists():
            approximation(folder)


main()
