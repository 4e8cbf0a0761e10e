#!/usr/bin/env python3
"""Writes tests/golden: inputs and what PyTorch computes from them in float64.

The tests read these files and need no Python. Run this again only when a family is added or changed.

usage: make_golden.py [--only FAMILY]      needs python3-torch and python3-numpy
"""
import argparse
import json
import os

import numpy as np
import torch

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
GOLDEN = os.path.join(ROOT, 'tests', 'golden')
NAMES = ('W_Q', 'W_K', 'W_V', 'W_O', 'b_Q', 'b_K', 'b_V', 'b_O')


def attention(x, w, heads, causal, scale):
    """One layer in float64; w maps names to arrays. Returns scores, weights, context, output."""
    x = torch.from_numpy(np.asarray(x, np.float64))
    if x.dim() == 2:
        x = x[None]
    batch, tokens, _ = x.shape

    def project(name):
        matrix = torch.from_numpy(np.asarray(w['W_' + name], np.float64))
        if matrix.dim() == 3:  # [heads, d_model, d_head]
            y = torch.einsum('btm,hmd->bhtd', x, matrix)
        else:
            y = (x @ matrix).view(batch, tokens, heads, -1).transpose(1, 2)
        if 'b_' + name in w:
            y = y + torch.from_numpy(np.asarray(w['b_' + name], np.float64)).view(heads, 1, -1)
        return y

    q, k, v = (project(name) for name in 'QKV')
    scores = q @ k.transpose(-1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    if causal:
        scores = scores.masked_fill(torch.ones(tokens, tokens, dtype=torch.bool).triu(1), float('-inf'))
    weights = scores.softmax(-1)
    context = weights @ v
    output = context.transpose(1, 2).reshape(batch, tokens, -1)
    if 'W_O' in w:
        output = output @ torch.from_numpy(np.asarray(w['W_O'], np.float64)).reshape(output.shape[-1], -1)
        if 'b_O' in w:
            output = output + torch.from_numpy(np.asarray(w['b_O'], np.float64))
    return scores.numpy(), weights.numpy(), context.numpy(), output.numpy()


def save(folder, **arrays):
    os.makedirs(folder, exist_ok=True)
    for name, array in arrays.items():
        np.save(os.path.join(folder, name + '.npy'), np.ascontiguousarray(array))


def random_weights(rng, d_model, heads, d_head, d_value=None, output=False, biases=False):
    d_value = d_value or d_head
    shapes = {'W_Q': (d_model, heads * d_head), 'W_K': (d_model, heads * d_head),
              'W_V': (d_model, heads * d_value)}
    if output:
        shapes['W_O'] = (heads * d_value, d_model)
    if biases:
        shapes.update({'b_' + n[2:]: s[1:] for n, s in list(shapes.items())})
    return {n: rng.standard_normal(s).astype(np.float32) for n, s in shapes.items()}


def write_case(name, x, w, heads, causal=False, scale=None, keep=('scores', 'weights', 'context', 'output'), dtype=np.float64):
    folder = os.path.join(GOLDEN, 'attention', name)
    results = dict(zip(('scores', 'weights', 'context', 'output'), attention(x, w, heads, causal, scale)))
    if np.ndim(x) == 2:
        results = {n: a[0] for n, a in results.items()}
    save(folder, x=x, **w)
    save(os.path.join(folder, 'expected'), **{n: results[n].astype(dtype) for n in keep})
    with open(os.path.join(folder, 'config.json'), 'w') as file:
        settings = {'heads': heads, 'causal': causal}
        if scale is not None:
            settings['scale'] = scale
        json.dump(settings, file)
        file.write('\n')


def attention_cases():
    rng = np.random.default_rng(20260)
    normal = lambda *shape: rng.standard_normal(shape).astype(np.float32)
    write_case('single_head', normal(5, 8), random_weights(rng, 8, 1, 8), 1)
    write_case('multi_head', normal(7, 12), random_weights(rng, 12, 3, 4, output=True, biases=True), 3)
    write_case('causal', normal(9, 8), random_weights(rng, 8, 2, 4, output=True), 2, causal=True)
    write_case('scale', normal(6, 8), random_weights(rng, 8, 2, 4), 2, scale=0.37)
    write_case('batch', normal(2, 6, 8), random_weights(rng, 8, 2, 4, output=True), 2, causal=True)
    write_case('wide_value', normal(6, 8), random_weights(rng, 8, 2, 3, d_value=5, output=True, biases=True), 2)
    three = random_weights(rng, 8, 2, 4, output=True, biases=True)
    three = {n: a.reshape(8, 2, 4).transpose(1, 0, 2) if n in ('W_Q', 'W_K', 'W_V')
             else a.reshape(2, 4, 8) if n == 'W_O' else a.reshape(2, 4) if n in ('b_Q', 'b_K', 'b_V') else a
             for n, a in three.items()}
    write_case('three_dimensional', normal(6, 8), three, 2)
    write_case('long', normal(300, 16), random_weights(rng, 16, 2, 8), 2, causal=True,
               keep=('weights',), dtype=np.float32)


def induction():
    """Every layer of the sample in data/, from its float32 files."""
    data = os.path.join(ROOT, 'data', 'induction')
    load = lambda name: np.load(os.path.join(data, name + '.npy'))
    for prefix, source in (('', 'embeddings'), ('batch_', 'batch_embeddings')):
        x = load(source)
        for layer in range(2):
            w = {n: load(f'weights/layers.{layer}.{n}') for n in NAMES}
            results = attention(x, w, 4, True, None)
            names = ('scores', 'weights', 'context', 'output')
            keep = {n: a if prefix else a[0] for n, a in zip(names, results)}
            if prefix:
                keep = {'weights': keep['weights'].astype(np.float32)}
            save(os.path.join(GOLDEN, 'induction'), **{f'{prefix}{n}{layer}': a for n, a in keep.items()})
            x = x + results[3].reshape(x.shape)


FAMILIES = {'attention': attention_cases, 'induction': induction}

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--only', choices=FAMILIES)
    options = parser.parse_args()
    for name, family in FAMILIES.items():
        if options.only in (None, name):
            family()
            print('wrote', os.path.join('tests', 'golden', name))
