#!/usr/bin/env python3
"""Times attn-inspect and its peers in turn and prints one table with ratios.

usage: bench.py BIN [--quick] [--only NAME] [--profile]     (bench.sh builds the binaries in BIN and calls this)
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

HEADS = 12
D_HEAD = 64


# Prints the seconds and the peak KiB of the command that it runs.
LAUNCHER = '''
import os, sys, time
start = time.perf_counter()
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(process, 0)
print(time.perf_counter() - start, usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
'''


def timed(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def pairs(ours, peer, rounds):
    """Medians of both, and of peer / ours, from runs in turn: the machine's mood hits both alike."""
    times = [(ours(), peer()) for _ in range(rounds)]
    return (statistics.median(a for a, _ in times), statistics.median(b for _, b in times),
            statistics.median(b / a for a, b in times))


def milliseconds(seconds):
    return f'{seconds * 1e3:.3g} ms' if seconds < 1 else f'{seconds:.3g} s'


def softmax(scores):
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


class Bench:
    def __init__(self, folder, quick, profile=False):
        self.folder, self.quick, self.profile = folder, quick, profile
        self.last_run = None  # what `run` was started with last, for the profile of the row
        self.program = os.path.join(folder, 'attn-inspect')
        self.rng = np.random.default_rng(0)

    def row(self, work, ours, peer, peer_time, ratio, goal=None, unit='x'):
        """`goal` is the least ratio; where it begins with '<=' the largest."""
        met = ''
        if goal:
            bound = float(goal.lstrip('<='))
            met = 'met' if (ratio <= bound if goal.startswith('<=') else ratio >= bound) else 'MISSED'
        print(f'{work:58} {ours:>10}   {peer:26} {peer_time:>10} {ratio:8.3g}{unit:1} {goal or "":>7} {met}', flush=True)

    def compare(self, work, ours, peer_name, peer, rounds, goal=None):
        self.last_run = None
        a, b, ratio = pairs(ours, peer, 1 if self.quick else rounds)
        self.row(work, milliseconds(a), peer_name, milliseconds(b), ratio, goal)
        self.print_profile()

    def print_profile(self):
        """Where the time of the row's `run` goes, by its own clock: all threads together, the median of each phase."""
        if not (self.profile and self.last_run and self.last_run[0] == 'run'):
            return
        command = [self.program, *map(str, self.last_run), '--json', '--timing']
        timings = [json.loads(subprocess.run(command, capture_output=True, check=True).stdout)['timing']
                   for _ in range(1 if self.quick else 7)]
        names = list(timings[0]['phases'])
        for timing in timings:
            timing['phases']['waiting'] = timing['waiting']
        parts = [f'{name} {milliseconds(statistics.median(t["phases"][name] for t in timings))}' for name in names + ['waiting']]
        print('    ' + ', '.join(parts), flush=True)

    def kernel_seconds(self, name, *arguments):
        """Median seconds of a bench program that prints one time a line; its first round warms up."""
        command = [os.path.join(self.folder, 'attn-bench-' + name), *map(str, arguments)]
        times = list(map(float, subprocess.run(command, capture_output=True, check=True).stdout.split()))
        return statistics.median(times[1:] or times)

    def attend(self, heads, tokens, rounds, *more):
        return self.kernel_seconds('attend', heads, tokens, D_HEAD, rounds, *more)

    def run(self, *arguments):
        self.last_run = arguments
        return timed(lambda: subprocess.run([self.program, *map(str, arguments), '--quiet'], check=True, stdout=subprocess.DEVNULL))

    def peak_run(self, *arguments, code=0):
        """Seconds and peak MiB. From a small process: what is started inherits the peak of its parent."""
        command = [sys.executable, '-S', '-c', LAUNCHER, self.program, *map(str, arguments), '--quiet']
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != code:
            raise RuntimeError(f'{arguments[0]}: exit code {result.returncode} instead of {code}: {result.stderr}')
        seconds, kib = result.stdout.split()[-2:]
        return float(seconds), int(kib) / 1024

    def save_heads(self, work, heads, tokens):
        for name in 'qkv':
            np.save(f'{work}/{name}.npy', self.rng.standard_normal((heads, tokens, D_HEAD), dtype=np.float32))
        return [part for name in 'qkv' for part in (f'-{name}', f'{work}/{name}.npy')]


def start_up(b):
    b.compare('attn-inspect --version', lambda: timed(lambda: subprocess.run([b.program, '--version'], stdout=subprocess.DEVNULL)),
              '/bin/true', lambda: timed(lambda: subprocess.run(['/bin/true'])), 20)
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(['strip', '-o', f'{work}/stripped', b.program], check=True)
        size = os.path.getsize(f'{work}/stripped') / 2 ** 20
    b.row('binary, stripped', f'{size:.1f} MiB', 'limit', '5 MiB', size / 5, '<=1')


def in_memory(b):
    """softmax(q k^T / sqrt(d)) v with the weights kept, no files."""
    import torch
    for tokens in (256,) if b.quick else (512, 1024, 2048, 4096):
        q, k, v = (b.rng.standard_normal((HEADS, tokens, D_HEAD), dtype=np.float32) for _ in range(3))
        tq, tk, tv = map(torch.from_numpy, (q, k, v))
        factor = np.float32(D_HEAD ** -0.5)

        def by_numpy():
            scores = q @ k.transpose(0, 2, 1) * factor
            w = softmax(scores)
            return w, w @ v

        def by_torch():
            w = (tq @ tk.transpose(1, 2) * float(factor)).softmax(-1)
            return w, w @ tv

        rounds = max(3, 16384 // tokens)
        work = f'{HEADS} heads x {tokens} tokens, weights kept'
        ours = lambda: b.attend(HEADS, tokens, rounds)
        b.compare(work, ours, 'numpy', lambda: timed(by_numpy), 3, '4')
        b.compare(work, ours, 'PyTorch eager', lambda: timed(by_torch), 3, '5')
        # It compares its contexts with ours itself.
        if os.path.exists(os.path.join(b.folder, 'attn-bench-onednn')):
            by_onednn = lambda: b.kernel_seconds('onednn', HEADS, tokens, D_HEAD, rounds)
            b.compare(work, ours, 'oneDNN', by_onednn, 3, '1.15')
        flops = 4 * HEADS * tokens ** 2 * D_HEAD
        sgemm = lambda: b.kernel_seconds('sgemm', 2048, 4)
        streamed = lambda: b.attend(HEADS, tokens, rounds, 'full', 'stream')
        for name, action, goal in ((work, ours, '85'), (work.replace('kept', 'streamed'), streamed, '90')):
            a, s, _ = pairs(action, sgemm, 1 if b.quick else 5)
            ours_rate, sgemm_rate = flops / a / 1e9, 2 * 2048 ** 3 / s / 1e9
            b.row(name, f'{ours_rate:.0f} GF/s', 'OpenBLAS sgemm 2048^3', f'{sgemm_rate:.0f} GF/s',
                  100 * ours_rate / sgemm_rate, goal, '%')


def masked(b):
    tokens = 1024 if b.quick else 4096
    full = lambda n, heads: lambda: b.attend(heads, n, 2, 'full', 'stream')
    for n in (tokens // 2, tokens):
        b.compare(f'{HEADS} heads x {n} tokens, causal', lambda: b.attend(HEADS, n, 5, 'causal', 'stream'), 'full attention',
                  full(n, HEADS), 5, f'{1 / 0.6:.3g}')
    b.compare(f'4 heads x {2 * tokens} tokens, window 128', lambda: b.attend(4, 2 * tokens, 5, 128, 'stream'), 'full attention',
              full(2 * tokens, 4), 3, '10')
    b.compare(f'1 head x {4 * tokens} tokens, window 256', lambda: b.attend(1, 4 * tokens, 5, 256, 'stream'), 'full attention',
              full(4 * tokens, 1), 3, '25')


def files_to_context(b):
    """q, k and v from files to context.npy against the engine alone; and with a window, against all keys."""
    tokens = 1024 if b.quick else 4096
    rounds = 1 if b.quick else 7
    with tempfile.TemporaryDirectory() as work:
        heads = b.save_heads(work, HEADS, tokens)
        full = lambda: b.run('run', *heads, '--save', 'context', '-o', f'{work}/full')
        window = lambda: b.run('run', *heads, '--window', '128,0', '--save', 'context', '-o', f'{work}/window')
        for action, peer, peer_name, name, goal in (
                (full, lambda: b.attend(HEADS, tokens, 3, 'full', 'stream'), 'the engine alone', '', '<=1.25'),
                (window, full, 'all keys', ', --window 128,0', '<=0.15')):
            a, seconds, ratio = pairs(action, peer, rounds)
            b.row(f'{HEADS} heads x {tokens} tokens, files to context{name}', milliseconds(a), peer_name, milliseconds(seconds),
                  1 / ratio, goal)


def write_safetensors(path, arrays):
    """`arrays`: name -> a NumPy array, or the shape of a bfloat16 one that is zero: a hole in the file."""
    header, end = {}, 0
    for name, array in arrays.items():
        shape, kind, size = (array.shape, 'F32', 4) if isinstance(array, np.ndarray) else (array, 'BF16', 2)
        begin, end = end, end + size * int(np.prod(shape))
        header[name] = {'dtype': kind, 'shape': list(shape), 'data_offsets': [begin, end]}
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as file:
        file.write(len(text).to_bytes(8, 'little') + text)
        for name, array in arrays.items():
            if isinstance(array, np.ndarray):
                file.write(array.tobytes())
        file.truncate(8 + len(text) + end)


def large_layer(b):
    """Memory for a layer of the shape of a model with 7 billion parameters, from a sparse file."""
    d, tokens = (512, 512) if b.quick else (4096, 4096)
    names = ('q', 'k', 'v', 'o')
    with tempfile.TemporaryDirectory() as work:
        os.makedirs(f'{work}/model')
        arrays = {f'model.layers.0.self_attn.{name}_proj.weight': (d, d) for name in names}
        arrays['model.layers.0.input_layernorm.weight'] = (d,)
        write_safetensors(f'{work}/model/model.safetensors', arrays)
        with open(f'{work}/model/config.json', 'w') as file:
            json.dump({'model_type': 'llama', 'hidden_size': d, 'num_attention_heads': 32, 'num_key_value_heads': 32,
                       'num_hidden_layers': 1, 'rms_norm_eps': 1e-5, 'rope_theta': 10000.0, 'hidden_act': 'silu'}, file)
        np.save(f'{work}/x.npy', b.rng.standard_normal((tokens, d), dtype=np.float32))
        seconds, peak = b.peak_run('run', '-x', f'{work}/x.npy', '-w', f'{work}/model', '--save', 'stats', '-o', f'{work}/out')
    limit = len(names) * d * d * 4 / 2 ** 20 + 300
    b.row(f'a layer of 7B, bf16, {tokens} tokens: {milliseconds(seconds)}', f'{peak:.0f} MiB', 'its weights + 300 MiB',
          f'{limit:.0f} MiB', peak / limit, '<=1')


def gpt2_arrays(layers, d, vocabulary, positions, rng):
    draw = lambda *shape: (0.02 * rng.standard_normal(shape, dtype=np.float32))
    norm = lambda name: {f'{name}.weight': 1 + draw(d), f'{name}.bias': draw(d)}
    arrays = {'wte.weight': draw(vocabulary, d), 'wpe.weight': draw(positions, d), **norm('ln_f')}
    for layer in range(layers):
        h = f'h.{layer}.'
        arrays.update({**norm(h + 'ln_1'), **norm(h + 'ln_2')})
        for name, width, out in (('attn.c_attn', d, 3 * d), ('attn.c_proj', d, d), ('mlp.c_fc', d, 4 * d), ('mlp.c_proj', 4 * d, d)):
            arrays.update({f'{h}{name}.weight': draw(width, out), f'{h}{name}.bias': draw(out)})
    return arrays


def read_safetensors(path):
    import torch
    with open(path, 'rb') as file:
        size = int.from_bytes(file.read(8), 'little')
        header = json.loads(file.read(size))
    data = np.fromfile(path, np.float32, offset=8 + size)
    return {name: torch.from_numpy(data[entry['data_offsets'][0] // 4:entry['data_offsets'][1] // 4].reshape(entry['shape']))
            for name, entry in header.items()}


def torch_gpt2(path, ids, layers, heads, out):
    """Eager attention, whose weights are saved and measured: the mean entropy of a head's rows."""
    import torch
    from torch.nn.functional import gelu, layer_norm
    with torch.no_grad():
        w = read_safetensors(path)
        x = w['wte.weight'][torch.from_numpy(ids)] + w['wpe.weight'][:len(ids)]
        n, d = x.shape
        linear = lambda y, name: torch.addmm(w[name + '.bias'], y, w[name + '.weight'])
        norm = lambda y, name: layer_norm(y, (d,), w[name + '.weight'], w[name + '.bias'])
        later = torch.triu(torch.ones(n, n, dtype=torch.bool), 1)
        os.makedirs(out, exist_ok=True)
        for layer in range(layers):
            h = f'h.{layer}.'
            q, k, v = (part.view(n, heads, -1).transpose(0, 1) for part in linear(norm(x, h + 'ln_1'), h + 'attn.c_attn').split(d, 1))
            weights = (q @ k.transpose(1, 2) / (d // heads) ** 0.5).masked_fill(later, -torch.inf).softmax(-1)
            x = x + linear((weights @ v).transpose(0, 1).reshape(n, d), h + 'attn.c_proj')
            x = x + linear(gelu(linear(norm(x, h + 'ln_2'), h + 'mlp.c_fc'), approximate='tanh'), h + 'mlp.c_proj')
            np.save(f'{out}/weights{layer}.npy', weights.numpy())
            torch.special.entr(weights).sum(-1).mean(-1)
        return weights.numpy()


def checkpoint(b):
    """A model of GPT-2's small shape: token ids to the weights and statistics of all layers."""
    layers, d, vocabulary, tokens = (2, 192, 1000, 128) if b.quick else (12, HEADS * D_HEAD, 50257, 1024)
    with tempfile.TemporaryDirectory() as work:
        os.makedirs(f'{work}/model')
        model = f'{work}/model/model.safetensors'
        write_safetensors(model, gpt2_arrays(layers, d, vocabulary, 1024, b.rng))
        with open(f'{work}/model/config.json', 'w') as file:
            json.dump({'model_type': 'gpt2', 'n_embd': d, 'n_head': HEADS, 'n_layer': layers, 'n_positions': 1024,
                       'vocab_size': vocabulary, 'activation_function': 'gelu_new', 'layer_norm_epsilon': 1e-5}, file)
        ids = b.rng.integers(0, vocabulary, tokens)
        np.save(f'{work}/ids.npy', ids)
        ours = lambda: b.run('run', '--token-ids', f'{work}/ids.npy', '-w', f'{work}/model', '--save', 'weights,stats', '-o', f'{work}/ours')
        eager = lambda: torch_gpt2(model, ids, layers, HEADS, f'{work}/peer')
        ours()
        mine = np.load(f'{work}/ours/layer{layers - 1:02}/weights.npy')
        np.testing.assert_allclose(mine, eager(), rtol=1e-2, atol=1e-5)
        b.compare(f'GPT-2 small shape, {tokens} token ids, weights and stats', ours, 'PyTorch eager', lambda: timed(eager), 3, '4')


def long_sequence(b):
    tokens = 8192 if b.quick else 131072
    with tempfile.TemporaryDirectory() as work:
        seconds, peak = b.peak_run('run', *b.save_heads(work, 1, tokens), '--causal', '--save', 'heatmaps', '-o', f'{work}/out')
    b.row(f'1 head x {tokens} tokens, causal, heatmap only: {milliseconds(seconds)}', f'{peak:.0f} MiB', 'limit', '1024 MiB',
          peak / 1024, '<=1')


def write_weights(b):
    tokens = 1024 if b.quick else 8192
    with tempfile.TemporaryDirectory() as work:
        heads = b.save_heads(work, 4, tokens)
        size = 4 * tokens ** 2 * 4
        block = bytes(1 << 20)
        peaks = []

        def ours():
            seconds, peak = b.peak_run('run', *heads, '--save', 'weights', '-o', f'{work}/out')
            peaks.append(peak)
            return seconds

        def write():
            with open(f'{work}/plain', 'wb') as file:
                for _ in range(size >> 20):
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())

        compute_and_write = lambda: b.run('run', *heads, '--save', 'output', '-o', f'{work}/small') + timed(write)
        a, peer, ratio = pairs(ours, compute_and_write, 1 if b.quick else 5)
    b.row(f'--save weights, 4 heads x {tokens} tokens ({size >> 20} MiB)', milliseconds(a), 'compute + write + fsync',
          milliseconds(peer), 1 / ratio, '<=1.3')
    b.row('the same, peak memory', f'{max(peaks):.0f} MiB', 'limit', '300 MiB', max(peaks) / 300, '<=1')


def stored_heatmap(b):
    n = 2048 if b.quick else 16384
    with tempfile.TemporaryDirectory() as work:
        np.save(f'{work}/w.npy', b.rng.random((n, n), dtype=np.float32))
        read = lambda: timed(lambda: subprocess.run(f'cat {work}/w.npy | cat > /dev/null', shell=True))
        ours = lambda: b.run('heatmap', f'{work}/w.npy', '-o', f'{work}/w.png')
        a, peer, ratio = pairs(ours, read, 2 if b.quick else 7)
    b.row(f'heatmap of a stored {n} x {n} array', milliseconds(a), 'cat | cat', milliseconds(peer), 1 / ratio, '<=2')


def stored_stats(b):
    """Every measure of every head of a stored array, against reading it once."""
    layers, heads, n = (2, 4, 512) if b.quick else (32, 32, 1024)
    with tempfile.TemporaryDirectory() as work:
        array = np.lib.format.open_memmap(f'{work}/w.npy', 'w+', np.float32, (layers, heads, n, n))
        for layer in range(layers):
            for head in range(heads):
                weights = np.exp((0.5 + head % 8) * b.rng.standard_normal((n, n), dtype=np.float32))
                array[layer, head] = weights / weights.sum(-1, keepdims=True)
        array.flush()
        del array
        peaks = []

        def ours():
            seconds, peak = b.peak_run('stats', f'{work}/w.npy')
            peaks.append(peak)
            return seconds

        work_name = f'stats of a stored [{layers}, {heads}, {n}, {n}]'
        for peer, goal in (('cat > /dev/null', '<=3'), ('cat | cat', None)):
            command = f'cat {work}/w.npy ' + ('> /dev/null' if 'null' in peer else '| cat > /dev/null')
            read = lambda: timed(lambda: subprocess.run(command, shell=True))
            a, seconds, ratio = pairs(ours, read, 1 if b.quick else 7)
            b.row(work_name, milliseconds(a), peer, milliseconds(seconds), 1 / ratio, goal)
    b.row('the same, peak memory', f'{max(peaks):.0f} MiB', 'limit', '500 MiB', max(peaks) / 500, '<=1')


def computed_stats(b):
    """What measuring adds to computing; both write one small array."""
    tokens = 512 if b.quick else 4096
    with tempfile.TemporaryDirectory() as work:
        heads = b.save_heads(work, HEADS, tokens)
        run = lambda save: lambda: b.run('run', *heads, '--causal', '--save', save, '-o', f'{work}/out')
        a, plain, ratio = pairs(run('stats,output'), run('output'), 1 if b.quick else 9)
    b.row(f'{HEADS} heads x {tokens} tokens, causal, stats', milliseconds(a), 'without stats', milliseconds(plain), 1 / ratio, '<=1.25')


def approximations(b):
    """What measuring ten methods that keep rows adds to exact attention with statistics."""
    tokens = 512 if b.quick else 2048
    methods = ','.join(['local', 'local:sinks=4', 'block', 'strided', 'fixed', 'global', 'topk', 'topp', 'threshold', 'topk:k=256'])
    with tempfile.TemporaryDirectory() as work:
        heads = b.save_heads(work, HEADS, tokens)
        ours = lambda: b.run('approx', *heads, '--causal', '--method', methods, '-o', f'{work}/lab')
        exact = lambda: b.run('run', *heads, '--causal', '--save', 'stats,output', '-o', f'{work}/out')
        a, plain, ratio = pairs(ours, exact, 1 if b.quick else 9)
    b.row(f'{HEADS} heads x {tokens} tokens, 10 approximations', milliseconds(a), 'exact, stats', milliseconds(plain), 1 / ratio, '<=3')


def labelled_heatmaps(b):
    """One picture a head from a stored [layers, heads, n, n], with every fifth token on both axes, as ours have it."""
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    layers, heads, n, step = (2 if b.quick else 12), HEADS, 128, 5
    with tempfile.TemporaryDirectory() as work:
        scores = np.where(np.tri(n, dtype=bool), 3 * b.rng.standard_normal((layers, heads, n, n)), -np.inf)
        np.save(f'{work}/w.npy', softmax(scores).astype(np.float32))
        tokens = [f'tok{i * 37 % 1000}' for i in range(n)]
        with open(f'{work}/tokens.json', 'w') as file:
            json.dump(tokens, file)

        def by_matplotlib():
            os.makedirs(f'{work}/peer', exist_ok=True)
            for layer, matrices in enumerate(np.load(f'{work}/w.npy')):
                for head, matrix in enumerate(matrices):
                    figure, axes = plt.subplots(figsize=(5.47, 4.97))
                    figure.colorbar(axes.imshow(matrix), label='attention weight')
                    axes.set_xticks(range(0, n, step), tokens[::step], rotation=90, fontsize=7)
                    axes.set_yticks(range(0, n, step), tokens[::step], fontsize=7)
                    axes.set(title=f'layer {layer}, head {head}', xlabel='key', ylabel='query')
                    figure.savefig(f'{work}/peer/{layer}-{head}.png')
                    plt.close(figure)

        b.compare(f'{layers * heads} labelled heatmaps of {n} tokens, stored',
                  lambda: b.run('heatmap', f'{work}/w.npy', '--tokens', f'{work}/tokens.json', '-o', f'{work}/ours'),
                  'numpy + matplotlib', lambda: timed(by_matplotlib), 5, '60')


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
    n = len(x)
    split = lambda y: y.reshape(n, heads, -1).transpose(1, 0, 2)
    for layer in range(layers):
        weights = {m: np.load(f'{folder}/weights/layers.{layer}.{m}.npy') for m in ('W_Q', 'W_K', 'W_V', 'W_O')}
        q, k, v = (split(x @ weights[m]) for m in ('W_Q', 'W_K', 'W_V'))
        scores = q @ k.transpose(0, 2, 1) / np.float32(q.shape[-1] ** 0.5)
        scores[:, np.triu(np.ones((n, n), bool), 1)] = -np.inf
        w = softmax(scores)
        output = (w @ v).transpose(1, 0, 2).reshape(n, -1) @ weights['W_O']
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


def whole_program(b):
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt

    def measure(layers, heads, tokens, draw, rounds, goal):
        with tempfile.TemporaryDirectory() as work:
            make_model(work, layers, heads, tokens, b.rng)
            save = 'scores,weights,output' + (',heatmaps' if draw else '')
            b.compare(f'{layers} layers x {heads} heads x {tokens} tokens, files' + (' and pictures' if draw else ''),
                      lambda: b.run('run', '-x', f'{work}/x.npy', '-w', f'{work}/weights', '--heads', heads, '--causal',
                                    '-o', f'{work}/ours', '--save', save),
                      'numpy + matplotlib' if draw else 'numpy (not synced)',
                      lambda: timed(lambda: numpy_run(work, f'{work}/peer', layers, heads, draw)), rounds, goal)

    measure(1, HEADS, 256 if b.quick else 1024, None, 7, None)
    measure(2 if b.quick else 12, HEADS, 128, plt, 5, '50')


def gradients(b):
    """Backwards with its forward pass before it, against the forward pass alone and against PyTorch; and its memory."""
    tokens = 512 if b.quick else 2048
    with tempfile.TemporaryDirectory() as work:
        heads = b.save_heads(work, HEADS, tokens)
        grad = lambda: b.run('grad', *heads, '--upstream', 'energy')
        forward = lambda: b.run('run', *heads, '--save', 'context', '-o', f'{work}/out')
        a, peer, ratio = pairs(grad, forward, 1 if b.quick else 5)
        b.row(f'grad of {HEADS} heads x {tokens} tokens', milliseconds(a), 'run --save context', milliseconds(peer), 1 / ratio, '<=3.2')
        try:
            import torch
        except ImportError:
            print('  (no PyTorch here)')
        else:
            q, k, v = (torch.from_numpy(np.load(f'{work}/{name}.npy')).requires_grad_() for name in 'qkv')

            def eager():
                context = torch.softmax(q @ k.transpose(1, 2) / D_HEAD ** 0.5, -1) @ v
                (context * context).sum().div(2).backward()

            b.compare('the same', grad, 'PyTorch eager', lambda: timed(eager), 5, '5')
        one = b.save_heads(work, 1, 2048 if b.quick else 16384)
        seconds, peak = b.peak_run('grad', *one, '--upstream', 'energy')
    b.row(f'grad of 1 head x {2048 if b.quick else 16384} tokens: {milliseconds(seconds)}', f'{peak:.0f} MiB', 'limit', '300 MiB',
          peak / 300, '<=1')


def save_layers(path, layers, heads, tokens, rng, sharpness=2):
    """Causal attention [layers, heads, tokens, tokens] of which no two heads are alike."""
    array = np.lib.format.open_memmap(path, 'w+', np.float32, (layers, heads, tokens, tokens))
    mask = np.tri(tokens, dtype=bool)
    for layer in range(layers):
        for head in range(heads):
            array[layer, head] = softmax(np.where(mask, sharpness * rng.standard_normal((tokens, tokens), dtype=np.float32), -np.inf))
    array.flush()


def rollouts(b):
    """Rows against reading the file once, the whole product against numpy's, and flow against the clock."""
    layers, heads, tokens = (2, 4, 256) if b.quick else (12, HEADS, 1024)
    rounds = 1 if b.quick else 5
    with tempfile.TemporaryDirectory() as work:
        file = f'{work}/w.npy'
        save_layers(file, layers, heads, tokens, b.rng)
        read = lambda: timed(lambda: subprocess.run(f'cat {file} | cat > /dev/null', shell=True))
        a, peer, ratio = pairs(lambda: b.run('rollout', file, '--targets', 'last'), read, rounds)
        name = f'rollout of a stored [{layers}, {heads}, {tokens}, {tokens}]'
        b.row(f'{name}, last token', milliseconds(a), 'cat | cat', milliseconds(peer), 1 / ratio, '<=1.5')

        def by_numpy():
            result = np.eye(tokens, dtype=np.float32)
            for matrices in np.load(file):
                fused = 0.5 * matrices.mean(0) + 0.5 * np.eye(tokens, dtype=np.float32)
                result = fused / fused.sum(-1, keepdims=True) @ result

        b.compare(f'{name}, all tokens', lambda: b.run('rollout', file), 'numpy', lambda: timed(by_numpy), rounds, '3')
        small = 32 if b.quick else 128
        save_layers(file, layers, heads, small, b.rng)
        seconds = statistics.median(b.run('rollout', file, '--method', 'flow', '--targets', 'last') for _ in range(rounds))
    b.row(f'flow, {layers} layers x {small} tokens, last token', milliseconds(seconds), 'limit', '1 s', seconds, '<=1')


def trainings(b):
    """Monitor of stored steps, against reading them once."""
    steps, layers, heads, tokens = (3, 2, 4, 64) if b.quick else (20, 12, HEADS, 128)
    with tempfile.TemporaryDirectory() as work:
        for step in range(steps):
            save_layers(f'{work}/step{step}.npy', layers, heads, tokens, b.rng, 1 + 3 * step / steps)
        read = lambda: timed(lambda: subprocess.run(f'cat {work}/step*.npy | cat > /dev/null', shell=True))
        # Whatever it finds: an alarm is exit code 1.
        ours = lambda: timed(lambda: subprocess.run([b.program, 'monitor', work, '--quiet'], stdout=subprocess.DEVNULL))
        a, peer, ratio = pairs(ours, read, 1 if b.quick else 5)
    b.row(f'monitor of {steps} steps [{layers}, {heads}, {tokens}, {tokens}]', milliseconds(a), 'cat | cat', milliseconds(peer),
          1 / ratio, '<=2')


def diagnoses(b):
    """One mistake, and a search through all of them where none fits: noise in the scores."""
    works = (('1 / d_head', HEADS, 512, 1 / D_HEAD, 0, 1), ('noise', 32, 2048, D_HEAD ** -0.5, 0.3, 10))
    for name, heads, tokens, scale, noise, limit in works:
        if b.quick:
            heads, tokens = 4, 256
        with tempfile.TemporaryDirectory() as work:
            flags = b.save_heads(work, heads, tokens)
            q, k = np.load(f'{work}/q.npy'), np.load(f'{work}/k.npy')
            observed = np.lib.format.open_memmap(f'{work}/w.npy', 'w+', np.float32, (heads, tokens, tokens))
            for head in range(heads):
                scores = q[head] @ k[head].T * np.float32(scale)
                scores *= 1 + noise * b.rng.standard_normal(scores.shape, dtype=np.float32)
                scores[np.triu_indices(tokens, 1)] = -np.inf
                observed[head] = softmax(scores)
            observed.flush()
            seconds, peak = b.peak_run('diagnose', *flags, '--causal', '--observed', f'{work}/w.npy', '--time-limit', 0, code=1)
        work = f'diagnose {heads} heads x {tokens} tokens, {name}'
        b.row(f'{work}: {peak:.0f} MiB', milliseconds(seconds), 'limit', f'{limit} s', seconds / limit, '<=1')


def complexity(b):
    """Time and memory against n, with the exponents of a power law fitted to the last four."""
    sizes = [1024 << i for i in range(3 if b.quick else 7)]
    print(f'\n{"tokens (1 head, d 64, heatmap only)":38}' + ''.join(f'{n:>9}' for n in sizes) + '   exponent')
    for name, flags in (('full', []), ('causal', ['--causal']), ('window 256', ['--causal', '--window', '255,0'])):
        times, peaks = [], []
        for n in sizes:
            with tempfile.TemporaryDirectory() as work:
                arguments = ['run', *b.save_heads(work, 1, n), *flags, '--save', 'heatmaps', '-o', f'{work}/out']
                runs = [b.peak_run(*arguments) for _ in range(3 if n < 32768 else 1)]
            times.append(min(t for t, _ in runs))
            peaks.append(max(p for _, p in runs))
        slope = lambda values: np.polyfit(np.log(sizes[-4:]), np.log(values[-4:]), 1)[0]
        print(f'{name + ", seconds":38}' + ''.join(f'{t:9.3f}' for t in times) + f'{slope(times):11.2f}')
        print(f'{name + ", peak MiB":38}' + ''.join(f'{p:9.0f}' for p in peaks) + f'{slope(peaks):11.2f}', flush=True)


def report(b):
    """The page in a real browser; says that it is skipped where there is none."""
    script = os.path.join(os.path.dirname(__file__), '..', 'tests', 'browser', 'report_bench.py')
    print('\nThe page of report:', flush=True)
    subprocess.run([sys.executable, script, b.program] + (['--quick'] if b.quick else []), check=False)


MEASURES = {m.__name__: m for m in (start_up, in_memory, masked, files_to_context, large_layer, checkpoint, long_sequence, write_weights,
                                    stored_heatmap, labelled_heatmaps, stored_stats, computed_stats, approximations, gradients,
                                    rollouts, trainings, diagnoses, whole_program, complexity, report)}

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('bin')
    parser.add_argument('--quick', action='store_true', help='smaller work, one round')
    parser.add_argument('--only', choices=MEASURES)
    parser.add_argument('--profile', action='store_true', help='under each row of run: where its time goes')
    options = parser.parse_args()
    cpu = next((line.split(':')[1].strip() for line in open('/proc/cpuinfo') if line.startswith('model name')),
               platform.machine())
    print(f'{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}\n')
    print(f'{"work":58} {"ours":>10}   {"peer":26} {"":>10} {"ratio":>9} {"goal":>7}')
    bench = Bench(os.path.abspath(options.bin), options.quick, options.profile)
    for name, measure in MEASURES.items():
        if options.only in (None, name):
            measure(bench)
