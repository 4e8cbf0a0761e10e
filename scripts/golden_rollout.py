"""Reference values of `rollout` in float64 for tests/golden/rollout, written out after the papers.

usage: golden_rollout.py [FOLDER]      needs python3-numpy; FOLDER: tests/golden/rollout
"""
import itertools
import json
import os
import sys

import numpy as np


def fused(a, fuse='mean', shares=None):
    """[heads, q, k] -> [q, k]"""
    if fuse == 'max': return a.max(0)
    if fuse == 'min': return a.min(0)
    if shares is None: return a.mean(0)
    return np.einsum('h,hqk->qk', shares, a) / shares.sum()


def smallest(values, share):
    """Places of the floor(share * count) smallest, ties by place."""
    order = np.argsort(values, kind='stable')
    return order[:int(np.floor(share * len(values)))]


def layer_matrix(f, may, residual=0.5, renormalise='after', first_key='keep', discard=0.0, discard_scope='matrix'):
    f, n = f.copy(), len(f)
    if first_key == 'residual':
        for i in range(1, n): f[i, i] += f[i, 0]; f[i, 0] = 0
    if first_key == 'drop':
        for i in range(1, n):
            before = f[i].sum(); f[i, 0] = 0
            if f[i].sum() > 0: f[i] *= before / f[i].sum()
    if discard > 0:
        groups = [range(n)] if discard_scope == 'matrix' else [[i] for i in range(n)]
        for rows in groups:
            cells = [(i, j) for i in rows for j in range(n) if may[i, j]]
            for c in smallest(np.array([f[i, j] for i, j in cells]), discard):
                if cells[c][1] > 0: f[cells[c]] = 0
    identity = np.eye(n)
    if renormalise == 'before':
        sums = f.sum(1, keepdims=True)
        f = np.where(sums > 0, f / np.where(sums > 0, sums, 1), identity)
    a = (1 - residual) * f + residual * identity
    if renormalise == 'after':
        sums = a.sum(1, keepdims=True)
        a = np.where(sums > 0, a / np.where(sums > 0, sums, 1), 0)
    return a


def allowed(a, may):
    """Rows of zeros in every head have no key."""
    return may & (a != 0).any((0, 2))[:, None]


def rollout(attention, may, fuse='mean', head_weights=None, start_layer=0, uniform=False, **options):
    """[layers, heads, n, n] -> the product up to each layer"""
    product, products = np.eye(attention.shape[-1]), []
    for layer in range(start_layer, len(attention)):
        own = allowed(attention[layer], may)
        f = fused(attention[layer], fuse, None if head_weights is None else head_weights[layer])
        if uniform:
            f = own / np.maximum(own.sum(1, keepdims=True), 1)
            options = {k: v for k, v in options.items() if k in ('residual', 'renormalise')}
        product = layer_matrix(f, own, **options) @ product
        products.append(product)
    return products


def per_head(attention, may, **options):
    below = rollout(attention[:-1], may, **options)[-1]
    own = allowed(attention[-1], may)
    return np.stack([layer_matrix(head, own, **options) @ below for head in attention[-1]])


def encoder_decoder(attention, cross, encoder, may, residual=0.5, fuse='mean', **options):
    n, m = cross.shape[-2:]
    full = np.ones((m, m), bool)
    of_encoder = np.eye(m) if encoder is None else rollout(encoder, full, residual=residual, fuse=fuse, **options)[-1]
    t, s = np.eye(n), np.zeros((n, m))
    for layer in range(len(attention)):
        a = layer_matrix(fused(attention[layer], fuse), allowed(attention[layer], may), residual=residual, **options)
        t, s = a @ t, a @ s
        c = fused(cross[layer], fuse)
        for i in range(n):
            if c[i].sum() == 0: continue
            s[i] = residual * s[i] + (1 - residual) * c[i] / c[i].sum() @ of_encoder
            t[i] = residual * t[i]
    return t, s


def specificity(rows):
    p = rows / rows.sum(1, keepdims=True)
    q = p.mean(0)
    log = lambda x: np.log(np.where(x > 0, x, 1))
    m = (p + q) / 2
    return float(np.mean([(x * (log(x) - log(y))).sum() / 2 + (q * (log(q) - log(y))).sum() / 2 for x, y in zip(p, m)]) / np.log(2))


def gradient_rollout(attention, gradients, may, **options):
    product = np.eye(attention.shape[-1])
    for a, g in zip(attention, gradients):
        product = layer_matrix(np.maximum(0, (a * g).mean(0)), allowed(a, may), **options) @ product
    return product


def relevance(attention, gradients):
    r = np.eye(attention.shape[-1])
    for a, g in zip(attention, gradients): r = r + np.maximum(0, a * g).mean(0) @ r
    return r


def random_attention(rng, shape, causal=False, sink=False):
    s = rng.normal(size=shape) * 2
    if causal: s = np.where(np.tri(shape[-2], shape[-1], dtype=bool), s, -np.inf)
    a = np.exp(s - s.max(-1, keepdims=True))
    a /= a.sum(-1, keepdims=True) + (rng.random(shape[:-1])[..., None] if sink else 0)
    return a.astype(np.float32).astype(np.float64)


def flags_of(options):
    flags = []
    for name, value in options.items(): flags += ['--' + name.replace('_', '-'), str(value)]
    return flags


def option_sets():
    """Every pair of options that say something."""
    choices = [('fuse', ['max', 'min']), ('residual', [0.0, 0.2]), ('renormalise', ['before', 'none']),
               ('first_key', ['residual', 'drop']), ('discard', [0.35]), ('discard_scope', ['row']), ('start_layer', [1])]
    yield {}
    for (a, va), (b, vb) in itertools.combinations(choices, 2):
        for x, y in zip(itertools.cycle(va), vb if len(vb) >= len(va) else va):
            options = {a: x, b: vb[va.index(x) % len(vb)]} if len(vb) < len(va) else {a: x, b: y}
            if 'discard_scope' in options: options.setdefault('discard', 0.5)
            yield options


def main(folder):
    os.makedirs(folder, exist_ok=True)
    rng = np.random.default_rng(16)
    save = lambda name, array: np.save(os.path.join(folder, name), array.astype(np.float32))
    n = 6
    sources = {'causal': (random_attention(rng, (3, 2, n, n), causal=True), np.tri(n, dtype=bool)),
               'sink': (random_attention(rng, (3, 2, n, n), sink=True), np.ones((n, n), bool))}
    sources['sink'][0][:, :, 4] = 0
    cases = []
    add = lambda flags, **arrays: cases.append({'flags': flags, 'arrays': {k: v.tolist() for k, v in arrays.items() if isinstance(v, np.ndarray)},
                                                'json': {k: v for k, v in arrays.items() if not isinstance(v, np.ndarray)}})
    for name, (attention, may) in sources.items():
        save(name + '.npy', attention)
        for options in option_sets():
            rows = rollout(attention, may, **options)[-1]
            base = rollout(attention, may, uniform=True, **options)[-1]
            add([name + '.npy', '--baseline', 'uniform'] + flags_of(options), rollout=rows,
                lift=np.where(base > 0, rows / np.where(base > 0, base, 1), 0))
        add([name + '.npy', '--fuse', 'per-head', '--first-key', 'residual'], rollout=per_head(attention, may, first_key='residual'))
        add([name + '.npy', '--save', 'layers,rollout'], layers=np.stack(rollout(attention, may)), rollout=rollout(attention, may)[-1])
        shares = np.abs(rng.normal(size=(3, 2))).astype(np.float32)
        save(name + '_shares.npy', shares)
        add([name + '.npy', '--head-weights', name + '_shares.npy'], rollout=rollout(attention, may, head_weights=shares.astype(float))[-1])
        gradients = rng.normal(size=attention.shape).astype(np.float32).astype(float)
        save(name + '_gradients.npy', gradients)
        add([name + '.npy', '--method', 'relevance', '--gradients', name + '_gradients.npy'], relevance=relevance(attention, gradients))
        add([name + '.npy', '--method', 'gradient-rollout', '--discard', '0.4', '--gradients', name + '_gradients.npy'],
            rollout=gradient_rollout(attention, gradients, may, discard=0.4))
    attention, may = sources['causal']
    add(['causal.npy'], specificity=specificity(rollout(attention, may)[-1]))
    band = may & ~np.tri(n, k=-3, dtype=bool)
    windowed = np.where(band, attention, 0)
    save('windowed.npy', windowed)
    base = rollout(windowed, band, uniform=True)[-1]
    add(['windowed.npy', '--causal', '--window', '2,0', '--baseline', 'uniform', '--discard', '0.5'], rollout=rollout(windowed, band, discard=0.5)[-1],
        lift=np.where(base > 0, rollout(windowed, band, discard=0.5)[-1] / np.where(base > 0, base, 1), 0))
    cross, encoder = random_attention(rng, (3, 2, n, 4)), random_attention(rng, (2, 3, 4, 4))
    cross[1, :, 2] = 0
    save('cross.npy', cross), save('encoder.npy', encoder)
    for options in ({}, {'residual': 0.2, 'fuse': 'max'}):
        for with_encoder in (True, False):
            t, s = encoder_decoder(attention, cross, encoder if with_encoder else None, may, **options)
            add(['causal.npy', '--cross', 'cross.npy'] + (['--encoder', 'encoder.npy'] if with_encoder else []) + flags_of(options), rollout=t, cross_rollout=s)
    with open(os.path.join(folder, 'expected.json'), 'w') as file:
        file.write('[' + ',\n'.join(json.dumps(case) for case in cases) + ']\n')


if __name__ == '__main__':
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'tests', 'golden', 'rollout'))
