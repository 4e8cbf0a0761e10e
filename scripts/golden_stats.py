"""The family stats of make_golden.py: heads of many kinds, and every measure of them in float64 NumPy."""
import json
import os

import numpy as np


def head_stats(w, allowed, positions=None, tokens=None, scores=None, grid=None, kind='mul', no_first=False, no_self=False):
    """Measures of one head: weights w and who may attend, both [queries, keys]; row by row, as they are defined."""
    w = np.asarray(w, np.float64)
    queries, keys = w.shape
    positions = np.arange(queries) if positions is None else positions
    used, rows = [], []
    for i, p in enumerate(positions):
        row, m = w[i], int(allowed[i].sum())
        if row.sum() == 0:
            continue
        used.append(i)
        at = lambda key: row[key] if 0 <= key < keys else 0
        entropy = -sum(x * np.log(x) for x in row if x > 0)
        reached = np.cumsum(np.sort(row)[::-1])
        rows.append({
            'entropy': entropy,
            'entropy_normalised': entropy / np.log(m) if m > 1 else np.nan,
            'confidence': row.max(),
            'effective_keys': 1 / (row ** 2).sum(),
            'keys_for_90': np.searchsorted(reached, 0.9) + 1 if reached[-1] >= 0.9 else m,
            'distance': sum(x * distance(grid, p, key) for key, x in enumerate(row)),
            'diagonal': at(p), 'previous': at(p - 1), 'next': at(p + 1), 'first': at(0), 'last': at(keys - 1),
            'saturation': row.max() > 0.999})
    stats = {name: float(np.nanmean([row[name] for row in rows])) for name in rows[0]}
    stats.update(sinks(w, used, positions))
    if tokens is not None:
        stats.update(patterns(w, tokens, kind, no_first, no_self))
    if scores is not None:
        seen = np.asarray(scores)[allowed]
        stats.update(max_score=float(seen.max()), score_min=float(seen.min()), score_mean=float(seen.mean()),
                     score_std=float(seen.std()))
    return stats


def distance(grid, a, b):
    """Along the sequence, or between patches (rows, columns, tokens before them); of other tokens 0 or none."""
    if grid is None:
        return abs(a - b)
    rows, columns, extra = grid
    if a < extra:
        return np.nan
    if b < extra:
        return 0
    (ay, ax), (by, bx) = divmod(a - extra, columns), divmod(b - extra, columns)
    return ((ay - by) ** 2 + (ax - bx) ** 2) ** 0.5


def sinks(w, used, positions):
    """Mean weight of a key over the queries at its place or after it; the largest where half of the queries are."""
    later = [[i for i in used if positions[i] >= key] for key in range(w.shape[1])]
    share = {key: float(np.mean(w[rows, key])) for key, rows in enumerate(later) if rows}
    enough = [key for key in share if 2 * len(later[key]) >= len(used)]
    found = {'sink': share[0]} if 0 in share else {}
    if enough:
        best = max(enough, key=lambda key: share[key])
        found.update(sink_max=share[best], sink_key=best)
    return found


def patterns(w, tokens, kind, no_first, no_self):
    """Agreement with the head detectors of TransformerLens."""
    n = len(w)
    rules = {'previous_token': lambda i, j: j == i - 1,
             'duplicate_token': lambda i, j: j < i and tokens[i] == tokens[j],
             'induction': lambda i, j: 1 <= j <= i and tokens[j - 1] == tokens[i]}
    counts = np.ones((n, n), bool)
    if no_first:
        counts[:, 0] = False
    if no_self:
        np.fill_diagonal(counts, False)
    found = {}
    for name, rule in rules.items():
        pattern = np.array([[float(rule(i, j)) for j in range(n)] for i in range(n)])
        found[name] = float((w * pattern)[counts].sum() / w[counts].sum() if kind == 'mul'
                            else 1 - n * (np.abs(w - pattern) * counts).mean())
    return found


def divergence(a, b):
    """Mean Jensen-Shannon divergence of the rows of two heads, over ln 2; 1 where one of them has no weight."""
    entropy = lambda p: -np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0).sum(-1)
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    one, both = (a.sum(-1) > 0) | (b.sum(-1) > 0), (a.sum(-1) > 0) & (b.sum(-1) > 0)
    bits = (entropy((a + b) / 2) - (entropy(a) + entropy(b)) / 2) / np.log(2)
    return float(np.mean(np.where(both, bits, 1)[one]))


def classical_mds(distances):
    """Two coordinates of each point (Torgerson 1952), up to a turn: from the two largest eigenvalues."""
    d = np.asarray(distances)
    centre = np.eye(len(d)) - 1 / len(d)
    values, vectors = np.linalg.eigh(-0.5 * centre @ (d ** 2) @ centre)
    return vectors[:, :-3:-1] * np.sqrt(np.maximum(values[:-3:-1], 0))


def stored_heads(rng):
    """float32 weights [heads, n, n] without and with a causal mask."""
    n = 37
    softmax = lambda s: np.exp(s - s.max(-1, keepdims=True)) / np.exp(s - s.max(-1, keepdims=True)).sum(-1, keepdims=True)
    full = np.stack([softmax(rng.standard_normal((n, n))), softmax(6 * rng.standard_normal((n, n))), np.full((n, n), 1 / n),
                     np.eye(n)[rng.integers(0, n, n)], np.roll(np.eye(n), 1, 0), softmax(rng.standard_normal((n, n)))])
    full[5, [3, 20]] = 0  # rows that may attend to nothing
    lower = np.tril(np.ones((n, n), bool))
    causal = np.stack([softmax(np.where(lower, scale * rng.standard_normal((n, n)), -np.inf)) for scale in (0, 1, 8)])
    sink = causal[1] * 0.2
    sink[:, 0] += 0.8
    tokens = [str(t) for t in rng.integers(0, 6, n)]
    patches = softmax(2 * rng.standard_normal((2, 13, 13)))
    return {'full': full, 'causal': np.concatenate((causal, sink[None])), 'patches': patches}, tokens


def stored_cases(arrays, tokens):
    cases = []
    for name in ('full', 'causal'):
        heads = arrays[name]
        allowed = np.tril(np.ones(heads.shape[1:], bool)) if name == 'causal' else np.ones(heads.shape[1:], bool)
        distances = [[divergence(a, b) for b in heads] for a in heads]
        for kind in ('mul', 'abs'):
            for exclude in (False, True):
                measured = [head_stats(w, allowed, tokens=tokens, kind=kind, no_first=exclude, no_self=exclude) for w in heads]
                cases.append({'file': name + '.npy', 'kind': kind, 'exclude': exclude, 'heads': measured,
                              'sink_rate': float(np.mean([head['sink'] > 0.3 for head in measured])),
                              'divergence': distances, 'positions': classical_mds(distances).tolist()})
    return cases


# Attention that is computed while it is measured: arguments, and the same told to the reference.
COMPUTED = [
    (['--causal'], {'causal': True}),
    (['--causal', '--query-offset', 'end'], {'causal': True, 'offset': 'end', 'long': True}),
    (['--query-offset=-1,1', '--window', '1,2'], {'offset': [-1, 1], 'window': (1, 2)}),
    (['--mask', 'allow_heads.npy', '--key-lengths', '5,3'], {'allow': 'allow_heads', 'key_lengths': [5, 3]}),
    (['--mask', 'added.npy', '--softcap', '1.5'], {'added': 'added', 'softcap': 1.5}),
    (['--sink', 'sink.npy', '--causal'], {'sink': True, 'causal': True}),
    (['--causal', '--past-key', 'past_key.npy', '--past-value', 'past_value.npy'], {'causal': True, 'past': True}),
]


def computed_cases(inputs, attend):
    """`attend` gives scores, weights, contexts and the number of keys of such options."""
    cases = []
    for arguments, options in COMPUTED:
        scores, weights, _, keys = attend(inputs, options)
        scores, weights = scores.numpy(), weights.numpy()
        queries, long = weights.shape[2], 'long_' if 'long' in options else ''
        past = 3 if 'past' in options else 0
        offsets = options.get('offset', [past, past])
        offsets = [keys - queries] * 2 if offsets == 'end' else offsets
        measured = []
        for b in range(2):
            for h in range(weights.shape[1]):
                stats = head_stats(weights[b, h], scores[b, h] > -np.inf, np.arange(queries) + offsets[b], scores=scores[b, h])
                measured.append({'seq': b, 'head': h, **stats})
        cases.append({'arguments': ['-q', 'q.npy', '-k', long + 'k.npy', '-v', long + 'v.npy'] + arguments, 'heads': measured,
                      'received': weights.sum(2).tolist()})
    return cases


def sample_cases(golden, data):
    """Heads of the trained sample, from what PyTorch computed."""
    with open(os.path.join(data, 'tokens.json')) as file:
        tokens = json.load(file)
    measured = []
    for layer in range(2):
        weights, scores = (np.load(os.path.join(golden, 'induction', f'{name}{layer}.npy')) for name in ('weights', 'scores'))
        for head, (w, s) in enumerate(zip(weights, scores)):
            measured.append({'layer': layer, 'head': head, **head_stats(w, s > -np.inf, tokens=tokens, scores=s)})
    return measured


def real_cases(cases):
    """Heads of real models, from attention that others saved: {file: heads}; causal all of them."""
    folder, measured = os.path.join(cases, 'real-attention'), {}
    for name in ('gpt2-small-layer2', 'gpt2-small-layer5', 'llama-7b-quantized-layer0'):
        with open(os.path.join(folder, name + '.tokens.json')) as file:
            tokens = json.load(file)
        heads = np.load(os.path.join(folder, name + '.npy'))
        allowed = np.tril(np.ones(heads.shape[1:], bool))
        measured[name] = [head_stats(w, allowed, tokens=tokens) for w in heads]
    return measured


def write_stats(golden, data, cases, inputs, attend):
    folder = os.path.join(golden, 'stats')
    os.makedirs(folder, exist_ok=True)
    arrays, tokens = stored_heads(np.random.default_rng(20265))
    arrays = {name: array.astype(np.float32) for name, array in arrays.items()}
    for name, array in arrays.items():
        np.save(os.path.join(folder, name + '.npy'), array)
    grid = (3, 4, 1)
    everyone = np.ones((13, 13), bool)
    results = {'tokens': tokens, 'expected': stored_cases(arrays, tokens), 'computed': computed_cases(inputs, attend),
               'sample': sample_cases(golden, data),
               'patches': [head_stats(w, everyone, grid=grid) for w in arrays['patches']]}
    if os.path.isdir(cases):
        results['real'] = real_cases(cases)
    for name, result in results.items():
        with open(os.path.join(folder, name + '.json'), 'w') as file:
            json.dump(result, file, indent=None if name == 'tokens' else 1)
            file.write('' if name == 'tokens' else '\n')
