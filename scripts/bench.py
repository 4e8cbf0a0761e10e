#!/usr/bin/env python3
"""Times attn-inspect and its peers in turn and prints one table with ratios.

usage: bench.py BINARY [--quick]      (bench.sh builds the binary and calls this)
"""
import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

D_HEAD = 64


def timed(action, round_number):
    start = time.perf_counter()
    action(round_number)
    return time.perf_counter() - start


def pairs(ours, peer, rounds):
    """Medians of both, and of their ratio, from runs in turn: the machine's mood hits both alike."""
    times = [(timed(ours, i), timed(peer, i)) for i in range(rounds)]
    return (statistics.median(a for a, _ in times), statistics.median(b for _, b in times),
            statistics.median(b / a for a, b in times))


def attention(x, weights, heads):
    """Multi-head causal attention in numpy; yields scores and weights [heads, n, n] and the output."""
    n = len(x)
    split = lambda y: y.reshape(n, heads, -1).transpose(1, 0, 2)
    q, k, v = (split(x @ weights[m]) for m in ('W_Q', 'W_K', 'W_V'))
    scores = q @ k.transpose(0, 2, 1) / np.float32(q.shape[-1] ** 0.5)
    scores[:, np.triu(np.ones((n, n), bool), 1)] = -np.inf
    e = np.exp(scores - scores.max(-1, keepdims=True))
    w = e / e.sum(-1, keepdims=True)
    return scores, w, (w @ v).transpose(1, 0, 2).reshape(n, -1) @ weights['W_O']


def make_model(folder, layers, heads, tokens, rng):
    d = heads * D_HEAD
    os.makedirs(f'{folder}/weights')
    np.save(f'{folder}/x.npy', rng.standard_normal((tokens, d)).astype(np.float32))
    for layer in range(layers):
        for name in ('W_Q', 'W_K', 'W_V', 'W_O'):
            np.save(f'{folder}/weights/layers.{layer}.{name}.npy',
                    (rng.standard_normal((d, d)) / d ** 0.5).astype(np.float32))


def numpy_run(folder, out, layers, heads, draw):
    """What our run does: read, compute every layer, save arrays, draw each head."""
    os.makedirs(out, exist_ok=True)
    x = np.load(f'{folder}/x.npy')
    for layer in range(layers):
        weights = {n: np.load(f'{folder}/weights/layers.{layer}.{n}.npy') for n in ('W_Q', 'W_K', 'W_V', 'W_O')}
        scores, w, output = attention(x, weights, heads)
        for name, array in (('scores', scores), ('weights', w), ('output', output)):
            np.save(f'{out}/{name}{layer}.npy', array)
        for head in range(heads if draw else 0):
            figure, axes = draw.subplots()
            image = axes.imshow(w[head])
            figure.colorbar(image, label='attention weight')
            axes.set(title=f'layer {layer}, head {head}', xlabel='key', ylabel='query')
            figure.savefig(f'{out}/{layer}-{head}.png')
            draw.close(figure)
        x = x + output


def program(binary, folder, out, heads, save):
    subprocess.run([binary, 'run', '-x', f'{folder}/x.npy', '-w', f'{folder}/weights', '--heads', str(heads),
                    '--causal', '-o', out, '--save', save, '--quiet'], check=True)


def pictures(binary, quick, rng):
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    layers, heads, tokens = (2, 4, 128) if quick else (12, 12, 128)
    with tempfile.TemporaryDirectory() as work:
        make_model(work, layers, heads, tokens, rng)
        ours, peer, ratio = pairs(
            lambda i: program(binary, work, f'{work}/ours{i}', heads, 'scores,weights,output,heatmaps'),
            lambda i: numpy_run(work, f'{work}/peer{i}', layers, heads, plt), 1 if quick else 5)
    return f'{layers} layers x {heads} heads x {tokens} tokens, pictures and arrays', 'numpy + matplotlib', ours, peer, ratio, 50


def weights_in_files(binary, quick, rng):
    heads, tokens = 12, 256 if quick else 1024
    with tempfile.TemporaryDirectory() as work:
        make_model(work, 1, heads, tokens, rng)
        ours, peer, ratio = pairs(
            lambda i: program(binary, work, f'{work}/ours{i}', heads, 'scores,weights,output'),
            lambda i: numpy_run(work, f'{work}/peer{i}', 1, heads, None), 2 if quick else 7)
    return f'{heads} heads x {tokens} tokens, weights and scores into files', 'numpy', ours, peer, ratio, None


def our_seconds(binary, *arguments):
    """Median seconds of the engine alone, without files; see tests/bench/attend_bench.cpp."""
    command = [os.path.join(os.path.dirname(binary), 'attn-bench-attend'), *map(str, arguments)]
    return statistics.median(map(float, subprocess.run(command, capture_output=True, check=True).stdout.split()))


def weights_in_memory(binary, quick, rng):
    """Attention alone, no files: softmax(q k^T / sqrt(d)) and its product with v, weights kept."""
    heads, tokens = 12, 256 if quick else 1024
    q, k, v = (rng.standard_normal((heads, tokens, D_HEAD)).astype(np.float32) for _ in range(3))

    def numpy_attention():
        scores = q @ k.transpose(0, 2, 1) * np.float32(D_HEAD ** -0.5)
        e = np.exp(scores - scores.max(-1, keepdims=True))
        w = e / e.sum(-1, keepdims=True)
        return w, w @ v

    def numpy_seconds():
        return statistics.median(timed(lambda _: numpy_attention(), 0) for _ in range(5))

    times = [(our_seconds(binary, heads, tokens, D_HEAD, 5), numpy_seconds()) for _ in range(2 if quick else 7)]
    ours, peer = (statistics.median(t) for t in zip(*times))
    return (f'{heads} heads x {tokens} tokens, weights kept in memory', 'numpy', ours, peer,
            statistics.median(b / a for a, b in times), 3)


def window(binary, quick, rng):
    """Keys outside of a window cost nothing: against full attention of the same sequence."""
    heads, tokens = 4, 2048 if quick else 8192
    times = [(our_seconds(binary, heads, tokens, D_HEAD, 3, 128, 'stream'),
              our_seconds(binary, heads, tokens, D_HEAD, 1, 'full', 'stream')) for _ in range(1 if quick else 5)]
    ours, peer = (statistics.median(t) for t in zip(*times))
    return (f'{heads} heads x {tokens} tokens, window 128', 'full attention', ours, peer,
            statistics.median(b / a for a, b in times), 10)


def start_up(binary, quick, rng):
    version = lambda _: subprocess.run([binary, '--version'], stdout=subprocess.DEVNULL, check=True)
    nothing = lambda _: subprocess.run(['/bin/true'], check=True)
    ours, peer, _ = pairs(version, nothing, 20)
    return 'attn-inspect --version', '/bin/true', ours, peer, peer / ours, None


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('binary')
    parser.add_argument('--quick', action='store_true', help='smaller work, fewer rounds')
    options = parser.parse_args()
    binary = os.path.abspath(options.binary)
    cpu = next((line.split(':')[1].strip() for line in open('/proc/cpuinfo') if line.startswith('model name')),
               platform.machine())
    print(f'{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}\n')
    print(f'{"work":58} {"ours":>10} {"peer":>10}  {"peer is":22} {"ratio":>8} {"goal":>6}')
    for measure in (start_up, weights_in_memory, window, weights_in_files, pictures):
        work, name, ours, peer, ratio, goal = measure(binary, options.quick, np.random.default_rng(0))
        goal_text = f'{goal}x' if goal else '10 ms' if measure is start_up else '-'
        print(f'{work:58} {ours * 1e3:7.1f} ms {peer * 1e3:7.1f} ms  {name:22} {ratio:7.1f}x {goal_text:>6}')
        sys.stdout.flush()
