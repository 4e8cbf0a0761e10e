#!/usr/bin/env python3
"""diagnose names the mistakes of mistakes.py, rarer_mistakes.py and llama_mistakes.py, and calls the right code correct.

usage: mistakes_test.py ATTN_INSPECT [NAME]        exit code 77: torch is not installed
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

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import mistakes  # noqa: E402
import llama_mistakes  # noqa: E402, F401
import rarer_mistakes  # noqa: E402, F401


def save(folder, value):
    """Tensors as one file, several by their names as a folder."""
    if isinstance(value, dict):
        path = tempfile.mkdtemp(dir=folder)
        for name, tensor in value.items():
            np.save(os.path.join(path, name + '.npy'), tensor.numpy())
        return path
    handle, path = tempfile.mkstemp('.npy', dir=folder)
    os.close(handle)
    np.save(path, value.numpy())
    return path


def diagnose(folder, inputs, flags, observed):
    arguments = [sys.argv[1], 'diagnose', '--observed', save(folder, observed), '--json', '--quiet', '--time-limit', '0']
    for flag, value in inputs.items():
        arguments += [flag, save(folder, value)]
    result = subprocess.run(arguments + flags, capture_output=True, text=True)
    assert result.returncode in (0, 1), result.stderr
    return json.loads(result.stdout)


def described(explanation):
    return ' + '.join(explanation['mistakes']) + ' (' + explanation['detail'] + ')'


def main():
    chosen = sys.argv[2] if len(sys.argv) > 2 else ''
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, words, function in mistakes.ALL:
            if chosen not in name:
                continue
            found = diagnose(folder, *function())
            texts = [described(e) for e in found['explanations'] if e['fits']]
            named = [t for t in texts if t.startswith(words[0] + ' (') and all(w in t for w in words)]
            if found['verdict'] != 'mistake' or not named:
                failed += 1
                near = [described(e) for e in found['explanations']]
                print(f'{name}: expected {words}, found {found["verdict"]}: {near}')
    print(f'{failed} of {len(mistakes.ALL)} are not named')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
