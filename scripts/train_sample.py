#!/usr/bin/env python3
"""Trains the small transformer in data/induction and saves it with a few inputs.

Two attention-only layers learn to continue random sequences that repeat themselves. The only way is
a circuit of two heads: one in layer 0 that looks at the previous token, and one in layer 1 (the
induction head) that looks at the token after the last occurrence of the current one (Elhage et al.
2021, "A mathematical framework for transformer circuits"; Olsson et al. 2022, "In-context learning
and induction heads").

usage: train_sample.py [--steps N] [--output DIR]      needs python3-torch and python3-numpy
"""
import argparse
import json
import os

import numpy as np
import torch

WORDS = """<bos> apple river stone cloud tiger lemon piano ocean candle forest silver window garden
rocket pepper mirror basket copper velvet island meadow violin anchor marble ribbon harbor lantern
cactus saddle walnut falcon pebble canyon thunder orchid magnet blanket compass feather glacier
hammer insect jacket kettle ladder needle oyster pillow quartz rabbit saturn teapot umbrella valley
whistle yellow zipper bridge dragon engine flower guitar""".split()
D_MODEL, HEADS, LAYERS, CONTEXT = 64, 4, 2, 100
NAMES = ('W_Q', 'W_K', 'W_V', 'W_O', 'b_Q', 'b_K', 'b_V', 'b_O')


class Attention(torch.nn.Module):
    """Causal multi-head attention; matrices are applied as x @ W."""

    def __init__(self):
        super().__init__()
        for name in NAMES:
            shape = (D_MODEL, D_MODEL) if name[0] == 'W' else (D_MODEL,)
            start = torch.randn(shape) / D_MODEL ** 0.5 if name[0] == 'W' else torch.zeros(shape)
            setattr(self, name, torch.nn.Parameter(start))

    def forward(self, x):
        batch, tokens, _ = x.shape
        split = lambda y: y.view(batch, tokens, HEADS, -1).transpose(1, 2)
        q, k, v = (split(x @ getattr(self, 'W_' + n) + getattr(self, 'b_' + n)) for n in 'QKV')
        scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        future = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
        weights = scores.masked_fill(future, float('-inf')).softmax(-1)
        context = (weights @ v).transpose(1, 2).reshape(batch, tokens, -1)
        return context @ self.W_O + self.b_O, weights


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = torch.nn.Embedding(len(WORDS), D_MODEL)
        self.positions = torch.nn.Parameter(torch.randn(CONTEXT, D_MODEL))
        self.layers = torch.nn.ModuleList(Attention() for _ in range(LAYERS))
        self.unembed = torch.nn.Linear(D_MODEL, len(WORDS))

    def embed(self, tokens):
        return self.tokens(tokens) + self.positions[:tokens.shape[1]]

    def forward(self, tokens):
        x, all_weights = self.embed(tokens), []
        for layer in self.layers:
            output, weights = layer(x)
            x = x + output
            all_weights.append(weights)
        return self.unembed(x), all_weights


def repeated(batch, length, generator, period=None):
    """Random words that start again after `period` (random for each sequence), and where they do."""
    rows, known = [], torch.zeros(batch, length, dtype=torch.bool)
    for row in range(batch):
        p = period or int(torch.randint(6, length // 2 + 1, (1,), generator=generator))
        segment = 1 + torch.randperm(len(WORDS) - 1, generator=generator)[:p]
        rows.append(torch.cat([torch.zeros(1, dtype=torch.long), segment.repeat(length // p + 1)])[:length])
        known[row, p + 1:length - 1] = True  # the next token can be known from here on
    return torch.stack(rows), known


def train(steps, seed=7):
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = Model()
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    for step in range(steps):
        tokens, known = repeated(64, CONTEXT, generator)
        logits, _ = model(tokens)
        loss = torch.nn.functional.cross_entropy(logits[:, :-1][known[:, :-1]], tokens[:, 1:][known[:, :-1]])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 200 == 0 or step == steps - 1:
            print(f'step {step:5d}  loss {loss.item():.4f}', flush=True)
    return model


def report(model, period=24):
    """Prints how much each head is a previous-token head and an induction head."""
    tokens, known = repeated(64, 2 * period + 1, torch.Generator().manual_seed(1), period)
    with torch.no_grad():
        logits, all_weights = model(tokens)
    hits = (logits[:, :-1].argmax(-1) == tokens[:, 1:])[known[:, :-1]]
    print(f'accuracy where the next token can be known: {hits.float().mean():.3f}')
    rows = torch.arange(period + 1, 2 * period + 1)
    for layer, weights in enumerate(all_weights):
        for head in range(HEADS):
            previous = weights[:, head].diagonal(-1, 1, 2).mean()
            induction = weights[:, head, rows, rows - period + 1].mean()
            print(f'layer {layer} head {head}: previous token {previous:.2f}, induction {induction:.2f}')


def save(model, folder):
    """Weights and inputs as .npy, and everything in one JSON file with the same float32 values."""
    os.makedirs(f'{folder}/weights', exist_ok=True)
    state = {f'layers.{i}.{n}': getattr(layer, n).detach().numpy()
             for i, layer in enumerate(model.layers) for n in NAMES}
    for name, array in state.items():
        np.save(f'{folder}/weights/{name}.npy', array)
    with open(f'{folder}/weights/config.json', 'w') as file:
        json.dump({'heads': HEADS, 'causal': True}, file)
        file.write('\n')

    generator = torch.Generator().manual_seed(2026)
    words = lambda row: [WORDS[t] for t in row]
    one = repeated(1, 49, generator, 24)[0]
    three = torch.cat([repeated(1, 49, generator, period)[0] for period in (12, 16, 24)])
    with torch.no_grad():
        embeddings, batch = model.embed(one)[0].numpy(), model.embed(three).numpy()
    np.save(f'{folder}/embeddings.npy', embeddings)
    np.save(f'{folder}/batch_embeddings.npy', batch)
    with open(f'{folder}/tokens.json', 'w') as file:
        json.dump(words(one[0]), file)
        file.write('\n')
    with open(f'{folder}/batch_tokens.json', 'w') as file:
        json.dump([words(row) for row in three], file)
        file.write('\n')

    # str() of a float32 is its shortest text that reads back as the same number
    numbers = lambda a: '[' + ','.join(numbers(r) if r.ndim else str(r) for r in a) + ']'
    layers = ',\n'.join('{' + ',\n'.join(f'"{n}": {numbers(state[f"layers.{i}.{n}"])}' for n in NAMES) + '}'
                        for i in range(LAYERS))
    with open(f'{folder}/model.json', 'w') as file:
        file.write(f'{{"heads": {HEADS}, "causal": true,\n"tokens": {json.dumps(words(one[0]))},\n'
                   f'"embeddings": {numbers(embeddings)},\n"layers": [{layers}]}}\n')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--steps', type=int, default=3000)
    parser.add_argument('--output', default=os.path.join(os.path.dirname(__file__), '..', 'data', 'induction'))
    options = parser.parse_args()
    trained = train(options.steps)
    report(trained)
    save(trained, options.output)
