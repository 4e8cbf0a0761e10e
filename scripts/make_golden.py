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

from golden_stats import write_stats

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
GOLDEN = os.path.join(ROOT, 'tests', 'golden')
CASES = os.environ.get('ATTN_CASES_DIR', os.path.join(ROOT, '..', 'shared', 'cases'))  # of other projects, where they are
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


def flag_inputs(rng):
    """Arrays of the family flags: 2 sequences, 4 heads, 2 key/value heads, 5 tokens, 3 in the cache."""
    arrays = {'q': (2, 4, 5, 4), 'k': (2, 2, 5, 4), 'v': (2, 2, 5, 3), 'past_key': (2, 2, 3, 4),
              'past_value': (2, 2, 3, 3), 'long_k': (2, 2, 8, 4), 'long_v': (2, 2, 8, 3), 'sink': (4,),
              'bias5': (4, 5, 5), 'bias8': (4, 5, 8), 'added': (2, 1, 5, 5), 'table': (8, 4)}
    arrays = {n: 2 * rng.standard_normal(s) for n, s in arrays.items()}
    arrays['added'][rng.random((2, 1, 5, 5)) < 0.3] = -np.inf
    arrays['allow'] = rng.random((5, 5)) < 0.7
    arrays['allow_heads'] = rng.random((2, 4, 5, 5)) < 0.6
    arrays['positions'] = np.array([[0, 2, 3, 7, 8], [4, 5, 6, 7, 9]])
    return arrays


# Each flag as (name, arguments, what it tells the reference); a name of an array stands for its file.
FLAGS = [
    ('causal', ['--causal'], {'causal': True}),
    ('offset_number', ['--query-offset', '2'], {'offset': [2, 2]}),
    ('offset_each', ['--query-offset=-1,1'], {'offset': [-1, 1]}),
    ('offset_end', ['--query-offset', 'end'], {'offset': 'end'}),
    ('window', ['--window', '1,2'], {'window': (1, 2)}),
    ('window_right', ['--window=-1,0'], {'window': (None, 0)}),
    ('mask', ['--mask', 'allow.npy'], {'allow': 'allow'}),
    ('mask_heads', ['--mask', 'allow_heads.npy'], {'allow': 'allow_heads'}),
    ('mask_ignore', ['--mask', 'allow.npy', '--mask-true', 'ignore'], {'ignore': 'allow'}),
    ('mask_added', ['--mask', 'added.npy'], {'added': 'added'}),
    ('bias', ['--bias', 'bias{keys}.npy'], {'bias': True}),
    ('key_lengths', ['--key-lengths', '5,3'], {'key_lengths': [5, 3]}),
    ('scale', ['--scale', '0.3'], {'scale': 0.3}),
    ('softcap', ['--softcap', '1.5'], {'softcap': 1.5}),
    ('sink', ['--sink', 'sink.npy'], {'sink': True}),
    ('past', ['--past-key', 'past_key.npy', '--past-value', 'past_value.npy'], {'past': True}),
    ('cross', [], {'long': True}),
    ('tile', ['--kv-order', 'tile'], {'tile': True}),
    ('rope', ['--rope'], {'rope': (10000, 4, False)}),
    ('rope_part', ['--rope', '--rope-theta', '50', '--rope-dim', '2'], {'rope': (50, 2, False)}),
    ('rope_interleaved', ['--rope', '--rope-interleaved'], {'rope': (10000, 4, True)}),
    ('rope_positions', ['--rope', '--positions', 'positions.npy'],
     {'rope': (10000, 4, False), 'positions': True}),
    ('alibi', ['--alibi'], {'alibi': True}),
    ('relative', ['--relative-bias', 'table.npy', '--relative-max-distance', '6'],
     {'relative': (8, 6, False)}),
    ('relative_both', ['--relative-bias', 'table.npy', '--relative-max-distance', '6', '--bidirectional'],
     {'relative': (8, 6, True)}),
]
EXCLUDE_EACH_OTHER = [{'offset_number', 'offset_each', 'offset_end'}, {'window', 'window_right'},
                      {'mask', 'mask_heads', 'mask_ignore', 'mask_added'}, {'past', 'cross'},
                      {'rope', 'rope_part', 'rope_interleaved', 'rope_positions'},
                      {'relative', 'relative_both'}, {'cross', 'rope_positions'}]


def turn(x, positions, theta, dim, interleaved):
    """RoFormer's rotation as a complex product; x [batch, heads, tokens, d], positions [batch, tokens]."""
    frequency = theta ** (-torch.arange(0, dim, 2, dtype=torch.float64) / dim)
    turns = torch.polar(torch.ones((), dtype=torch.float64), positions[:, None, :, None] * frequency)
    part = x[..., :dim]
    pairs = part.unflatten(-1, (-1, 2)) if interleaved else part.unflatten(-1, (2, -1)).transpose(-1, -2)
    turned = torch.view_as_real(torch.view_as_complex(pairs.contiguous()) * turns)
    turned = turned.flatten(-2) if interleaved else turned.transpose(-1, -2).flatten(-2)
    return torch.cat((turned, x[..., dim:]), -1)


def relative_buckets(distance, buckets, max_distance, bidirectional):
    """T5's buckets of distance = key - query (Raffel et al. 2020)."""
    result = torch.zeros_like(distance)
    if bidirectional:
        buckets //= 2
        result += (distance > 0) * buckets
        distance = distance.abs()
    else:
        distance = -distance.clamp(max=0)
    exact = buckets // 2
    large = torch.log(distance.clamp(min=1).float() / exact) / np.log(max_distance / exact) * (buckets - exact)
    return result + torch.where(distance < exact, distance, (exact + large.long()).clamp(max=buckets - 1))


def attention_by_flags(arrays, f):
    """Scores, weights and contexts in float64 of the options f."""
    get = lambda name: torch.from_numpy(arrays[name])
    long = 'long_' if 'long' in f else ''
    q, k, v = get('q'), get(long + 'k'), get(long + 'v')
    past = 3 if 'past' in f else 0
    keys, queries, heads = k.shape[2] + past, q.shape[2], q.shape[1]
    offset = f.get('offset', [past, past])
    offset = torch.tensor([keys - queries] * 2 if offset == 'end' else offset)
    at = torch.arange(queries)[None] + offset[:, None]                        # [batch, queries]
    if 'rope' in f:
        q_at, k_at = at, (torch.arange(k.shape[2]) + past)[None].expand(2, -1)
        if 'positions' in f:
            q_at = k_at = get('positions')
        q, k = turn(q, q_at, *f['rope']), turn(k, k_at, *f['rope'])
    if past:
        k, v = torch.cat((get('past_key'), k), 2), torch.cat((get('past_value'), v), 2)
    spread = (lambda x: x.repeat(1, 2, 1, 1)) if 'tile' in f else (lambda x: x.repeat_interleave(2, 1))
    k, v = spread(k), spread(v)

    scores = q @ k.transpose(-1, -2) * f.get('scale', 0.5)
    if 'softcap' in f:
        scores = f['softcap'] * torch.tanh(scores / f['softcap'])
    distance = (torch.arange(keys) - at[..., None])[:, None]                  # [batch, 1, queries, keys]
    if 'alibi' in f:
        slopes = torch.tensor([1 / 4, 1 / 16, 1 / 64, 1 / 256], dtype=torch.float64)
        scores = scores + slopes[:, None, None] * distance
    if 'relative' in f:
        scores = scores + get('table')[relative_buckets(distance[:, 0], *f['relative'])].permute(0, 3, 1, 2)
    if 'bias' in f:
        scores = scores + get(f'bias{keys}')
    allow = torch.ones(2, heads, queries, keys, dtype=torch.bool)
    widen = lambda mask, rest: torch.nn.functional.pad(mask, (0, keys - mask.shape[-1]), value=rest)
    if 'allow' in f:
        allow &= widen(get(f['allow']), False)
    if 'ignore' in f:
        allow &= widen(~get(f['ignore']), False)
    if 'added' in f:
        added = widen(get(f['added']), float('-inf'))
        allow &= added > float('-inf')
        scores = scores + added
    if 'causal' in f:
        allow &= distance <= 0
    left, right = f.get('window', (None, None))
    if left is not None:
        allow &= distance >= -left
    if right is not None:
        allow &= distance <= right
    if 'key_lengths' in f:
        allow &= torch.arange(keys) < torch.tensor(f['key_lengths'])[:, None, None, None]
    scores = scores.masked_fill(~allow, float('-inf'))
    logits = scores
    if 'sink' in f:
        logits = torch.cat((scores, get('sink')[None, :, None, None].expand(2, -1, queries, 1)), -1)
    weights = logits.softmax(-1)[..., :keys].nan_to_num(0)
    return scores, weights, weights @ v, keys


def flags():
    """Every flag of run that changes the attention, alone and in pairs."""
    folder = os.path.join(GOLDEN, 'flags')
    arrays = flag_inputs(np.random.default_rng(20263))
    save(folder, **arrays)
    chosen = [[a] for a in FLAGS] + [[a, b] for i, a in enumerate(FLAGS) for b in FLAGS[:i]]
    cases, scores, weights, contexts = [], [], [], []
    for some in chosen:
        names = {name for name, _, _ in some}
        if any(len(names & group) > 1 for group in EXCLUDE_EACH_OTHER):
            continue
        options = {k: v for _, _, told in some for k, v in told.items()}
        s, w, c, keys = attention_by_flags(arrays, options)
        long = 'long_' if 'long' in options else ''
        arguments = ['-q', 'q.npy', '-k', long + 'k.npy', '-v', long + 'v.npy']
        arguments += [a.format(keys=keys) for _, more, _ in some for a in more]
        cases.append({'name': '+'.join(sorted(names)), 'arguments': arguments, 'keys': keys})
        scores.append(s.flatten()), weights.append(w.flatten()), contexts.append(c.flatten())
    save(os.path.join(folder, 'expected'), scores=torch.cat(scores).numpy(),
         weights=torch.cat(weights).numpy(), contexts=torch.cat(contexts).numpy())
    with open(os.path.join(folder, 'cases.json'), 'w') as file:
        file.write('[\n' + ',\n'.join(json.dumps(case) for case in cases) + '\n]\n')


def positions():
    """Buckets of T5 for distances -400 … 400."""
    distance = torch.arange(-400, 401)
    save(os.path.join(GOLDEN, 'positions'),
         **{f'buckets_{b}_{m}_{"both" if both else "before"}':
            relative_buckets(distance, b, m, both).numpy().astype(np.int8)
            for b, m in ((32, 128), (16, 20), (8, 300)) for both in (False, True)})


def stats():
    """Heads of many kinds and their measures; needs the families induction and flags."""
    write_stats(GOLDEN, os.path.join(ROOT, 'data', 'induction'), CASES, flag_inputs(np.random.default_rng(20263)),
                attention_by_flags)


def files():
    """Files as NumPy and PyTorch write them, and a checkpoint laid out as safetensors."""
    folder = os.path.join(GOLDEN, 'files')
    os.makedirs(folder, exist_ok=True)
    count = np.arange(6).reshape(2, 3)
    arrays = {'float32': count.astype(np.float32) / 2, 'float64': count - 2.5, 'half': count.astype(np.float16) / 2,
              'int8': -count.astype(np.int8), 'bool': count % 2 == 0, 'columns': np.asfortranarray(count.astype(np.float32)),
              'big_endian': count.astype('>f4'), 'scalar': np.float32(7), 'empty': np.zeros((0, 4), np.float32),
              'zeros': np.zeros((64, 64), np.float32), 'text': np.array(['a', 'bc']), 'objects': np.array([{}, None])}
    np.savez(os.path.join(folder, 'stored.npz'), **arrays)
    np.savez_compressed(os.path.join(folder, 'deflated.npz'), **arrays)
    state = {'weight': torch.from_numpy(arrays['float32'])}
    torch.save(state, os.path.join(folder, 'checkpoint.pt'))
    torch.save(state, os.path.join(folder, 'legacy.pt'), _use_new_zipfile_serialization=False)

    # As the library of safetensors lays it out: sorted by size of the type and name, header padded to 8.
    weights = {'h.0.attn.bias': arrays['float32'], 'h.0.attn.weight': torch.arange(6).reshape(2, 3).bfloat16().view(torch.int16).numpy(),
               'h.0.half': arrays['half'], 'h.0.mask': arrays['bool'], 'h.0.scalar': arrays['scalar'], 'h.0.empty': arrays['empty']}
    codes = {'float32': 'F32', 'float16': 'F16', 'bool': 'BOOL', 'int16': 'BF16'}
    header, data = {'__metadata__': {'format': 'pt'}}, b''
    for name, array in sorted(weights.items(), key=lambda item: (-item[1].itemsize, item[0])):
        raw = np.asarray(array)
        header[name] = {'dtype': codes[str(raw.dtype)], 'shape': list(raw.shape),
                        'data_offsets': [len(data), len(data) + raw.nbytes]}
        data += raw.tobytes()
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    with open(os.path.join(folder, 'model.safetensors'), 'wb') as file:
        file.write(len(text).to_bytes(8, 'little') + text + data)


FAMILIES = {'attention': attention_cases, 'induction': induction, 'flags': flags, 'positions': positions, 'stats': stats,
            'files': files}

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--only', choices=FAMILIES)
    options = parser.parse_args()
    for name, family in FAMILIES.items():
        if options.only in (None, name):
            family()
            print('wrote', os.path.join('tests', 'golden', name))
