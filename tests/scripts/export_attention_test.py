#!/usr/bin/env python3
"""What scripts/export_attention.py saves of a torch.nn.TransformerEncoder is what attn-inspect computes from it.

usage: export_attention_test.py ATTN_INSPECT        exit code 77: torch is not installed
"""
import json
import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
except ImportError:
    print('skipped: torch is not installed (Debian: python3-torch)')
    sys.exit(77)

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'scripts')
sys.path.insert(0, SCRIPTS)
from export_attention import save_encoder, save_state_dict  # noqa: E402


def run(*arguments, exit_code=0):
    result = subprocess.run([sys.argv[1], *arguments], capture_output=True, text=True)
    assert result.returncode == exit_code, (arguments, result.stdout, result.stderr)
    return result


def worst(a, b):
    assert a.shape == b.shape, (a.shape, b.shape)
    return np.abs(a - b).max()


def test_encoder(folder, norm_first, activation):
    torch.manual_seed(1)
    layer = torch.nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, norm_first=norm_first, activation=activation)
    encoder = torch.nn.TransformerEncoder(layer, 3, norm=torch.nn.LayerNorm(16)).eval()
    x = torch.randn(2, 7, 16)
    save_encoder(encoder, x, folder)
    theirs = np.load(f'{folder}/attentions.npy')
    model = json.loads(run('info', folder + '/model.safetensors', '--json').stdout)
    assert (model['layout'], model['model']['layers'], model['model']['heads']) == ('torch-encoder', 3, 4), model
    inputs = {'-x': 'embeddings.npy', '--hidden-states': 'hidden_states.npy'}
    for flag, name in inputs.items():
        save = 'weights,hidden' if flag == '-x' else 'weights'
        run('run', '-w', folder + '/model.safetensors', flag, f'{folder}/{name}', '--save', save, '-o', folder + '/out')
        for n in range(3):
            assert worst(np.load(f'{folder}/out/layer0{n}/weights.npy'), theirs[n]) < 1e-5
        run('check', folder + '/out', '--quiet')
        run('compare', folder + '/out', f'{folder}/attentions.npy', '--atol', '1e-5', '--rtol', '1e-3', '--quiet')
    run('run', '-w', folder + '/model.safetensors', '-x', f'{folder}/embeddings.npy', '--save', 'hidden', '-o', folder + '/out')
    with torch.enable_grad():
        output = encoder(x.requires_grad_()).detach().numpy()
    assert worst(np.load(f'{folder}/out/final_hidden.npy'), output) < 1e-5


def test_conversion(folder):
    state = {'W_Q': torch.eye(2), 'W_K': torch.eye(2), 'W_V': torch.eye(2).to(torch.bfloat16)}
    torch.save(state, folder + '/model.bin')
    refused = run('info', folder + '/model.bin', exit_code=2)
    assert 'convert it' in refused.stderr and refused.stderr.count('\n') == 1, refused.stderr
    subprocess.run([sys.executable, os.path.join(SCRIPTS, 'export_attention.py'), 'convert', folder + '/model.bin',
                    folder + '/model.safetensors'], check=True)
    info = json.loads(run('info', folder + '/model.safetensors', '--json').stdout)
    assert info['layout'] == 'native' and info['arrays'][2]['dtype'] == 'bfloat16', info
    save_state_dict(state, folder + '/again.safetensors')
    with open(folder + '/again.safetensors', 'rb') as a, open(folder + '/model.safetensors', 'rb') as b:
        assert a.read() == b.read()


for number, (first, function) in enumerate([(False, 'relu'), (True, 'gelu'), (True, 'relu')]):
    with tempfile.TemporaryDirectory() as work:
        test_encoder(work, first, function)
with tempfile.TemporaryDirectory() as work:
    test_conversion(work)
print('passed')
