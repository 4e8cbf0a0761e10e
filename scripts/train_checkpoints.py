#!/usr/bin/env python3
"""Trains the sample again and saves what its heads look at on the way: data/training.

The transformer, its data and its words are those of train_sample.py. For about half of the training
nothing happens; then, within 200 steps, a head of layer 1 learns to look at the token after the last
occurrence of the current one (Olsson et al. 2022 call it a phase change).

    attn-inspect monitor data/training -o out

With --collapse the learning rate is far too high: scores grow until every row looks at one key. What
that looks like is not shipped; it takes seconds.

    scripts/train_checkpoints.py --collapse --output collapse
    attn-inspect monitor collapse/attention -o out                                       exit code 1
    attn-inspect monitor --checkpoints collapse/weights -x collapse/embeddings.npy -o out2

usage: train_checkpoints.py [--collapse] [--output DIR]      needs python3-torch and python3-numpy
"""
import argparse
import os

import numpy as np
import torch

import train_sample as sample

SAVED = (0, 250, 500, 750, 1000, 1200, 1400, 1600, 1800, 2000, 2500, 3000)
COLLAPSE = (0, 5, 10, 20, 40, 80)


def save_attention(model, tokens, folder, step):
    """weights [layers, heads, n, n] as float16, and the words: the file says all that monitor needs."""
    with torch.no_grad():
        _, weights = model(tokens)
    attention = torch.stack([layer[0] for layer in weights]).numpy().astype(np.float16)
    np.savez_compressed(f'{folder}/step{step}.npz', attention=attention,
                        tokens=np.array([sample.WORDS[t] for t in tokens[0]]))


def save_weights(model, folder, step):
    os.makedirs(f'{folder}/weights/step{step}', exist_ok=True)
    for i, layer in enumerate(model.layers):
        for name in sample.NAMES:
            np.save(f'{folder}/weights/step{step}/layers.{i}.{name}.npy', getattr(layer, name).detach().numpy())
    with open(f'{folder}/weights/step{step}/config.json', 'w') as file:
        file.write(f'{{"heads": {sample.HEADS}, "causal": true}}\n')


def train(folder, collapse, seed=7):
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = sample.Model()
    steps = COLLAPSE[-1] if collapse else SAVED[-1]
    if collapse:
        optimiser, schedule = torch.optim.Adam(model.parameters(), lr=0.3), None
    else:
        optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1.0)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    tokens = sample.repeated(1, 49, torch.Generator().manual_seed(2026), 24)[0]
    os.makedirs(f'{folder}/attention' if collapse else folder, exist_ok=True)
    if collapse:
        with torch.no_grad():
            np.save(f'{folder}/embeddings.npy', model.embed(tokens)[0].numpy())
    for step in range(steps + 1):
        if step in (COLLAPSE if collapse else SAVED):
            save_attention(model, tokens, f'{folder}/attention' if collapse else folder, step)
            if collapse:
                save_weights(model, folder, step)
        if step == steps:
            break
        batch, known = sample.repeated(32, sample.CONTEXT, generator)
        logits, _ = model(batch)
        loss = torch.nn.functional.cross_entropy(logits[:, :-1][known[:, :-1]], batch[:, 1:][known[:, :-1]])
        optimiser.zero_grad()
        loss.backward()
        if schedule:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        if schedule:
            schedule.step()
        if step % 200 == 0:
            print(f'step {step:5d}  loss {loss.item():.4f}', flush=True)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--collapse', action='store_true', help='a learning rate that is far too high')
    parser.add_argument('--output', help='folder (default data/training)')
    options = parser.parse_args()
    default = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'data', 'training')
    if options.collapse and not options.output:
        parser.error('--collapse needs --output DIR')
    train(options.output or default, options.collapse)
