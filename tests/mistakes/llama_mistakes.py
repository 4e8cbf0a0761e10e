"""Mistakes in layers as Llama and Mistral have them (grouped heads, rotary positions, a window), in ALiBi, and three mistakes
at once, in plain PyTorch as mistakes.py has them."""
import math

import torch
from mistakes import causal, heads, mistake, qkv, rope, weights_of

N, WINDOW = 24, 8
FLAGS = ['--causal', '--window', f'{WINDOW - 1},0', '--rope', '--rope-theta', '10000']
POSITIONS = torch.arange(N)


def llama(seed):
    return heads(seed, h=4, kv=2, n=N)


def window():
    i = torch.arange(N)
    return (i[None] <= i[:, None]) & (i[None] > i[:, None] - WINDOW)


def turned(q, k, turn=lambda x: rope(x, POSITIONS)):
    return turn(q), turn(k)


def turn_by_hand(x, half, swap=False):
    inv_freq = 1.0 / 10000 ** (torch.arange(0, 16, 2).double() / 16)
    angles = POSITIONS.double()[:, None] * inv_freq
    cos, sin = torch.cat([angles, angles], -1).cos().float(), torch.cat([angles, angles], -1).sin().float()
    if swap:
        cos, sin = sin, cos
    return x * cos + half(x) * sin


@mistake('key/value head 0 for all heads')
def first_kv_head_broadcast():
    q, k, v = llama(101)
    rq, rk = turned(q, k)
    return qkv(q, k, v), FLAGS, weights_of(rq, rk[:, :1].expand(-1, 4, -1, -1), window())


@mistake('window in chunks')
def chunks_for_a_window():
    q, k, v = llama(102)
    i = torch.arange(N)
    chunked = (i[None] <= i[:, None]) & (i[None] // WINDOW == i[:, None] // WINDOW)
    return qkv(q, k, v), FLAGS, weights_of(*turned(q, k), chunked)


@mistake('window to both sides')
def window_without_the_causal_mask():
    q, k, v = llama(103)
    i = torch.arange(N)
    return qkv(q, k, v), FLAGS, weights_of(*turned(q, k), (i[None] - i[:, None]).abs() < WINDOW)


@mistake('rotary without the minus sign')
def rotate_half_without_minus():
    q, k, v = llama(104)
    plus = turned(q, k, lambda x: turn_by_hand(x, lambda y: torch.cat([y[..., 8:], y[..., :8]], -1)))
    return qkv(q, k, v), FLAGS, weights_of(*plus, window())


@mistake('rotary with the other sign')
def cos_and_sin_exchanged():
    q, k, v = llama(105)
    other = turned(q, k, lambda x: turn_by_hand(x, lambda y: torch.cat([-y[..., 8:], y[..., :8]], -1), swap=True))
    return qkv(q, k, v), FLAGS, weights_of(*other, window())


@mistake('rotary with the other sign')
def positions_counted_from_the_end():
    q, k, v = llama(106)
    return qkv(q, k, v), FLAGS, weights_of(*turned(q, k, lambda x: rope(x, N - 1 - POSITIONS)), window())


@mistake('keys and values of another sequence')
def batch_flipped_in_the_cache_only():
    q, k, v = llama(107)
    return qkv(q, k, v), FLAGS, weights_of(*turned(q, k.flip(0)), window())


@mistake('queries and keys divided by their lengths')
def cosine_similarity_for_products():
    q, k, v = heads(108)
    unit = [torch.nn.functional.normalize(x, dim=-1) for x in (q, k)]
    return qkv(q, k, v), ['--causal'], weights_of(*unit, causal(20))


@mistake('ALiBi slopes in the other order')
def slopes_flipped():
    q, k, v = heads(109)
    slopes = torch.tensor([2.0 ** (-2 * (h + 1)) for h in range(4)]).flip(0)
    i = torch.arange(20)
    bias = slopes[:, None, None] * (i[None] - i[:, None])
    return qkv(q, k, v), ['--causal', '--alibi'], weights_of(q, k, causal(20), bias=bias)


@mistake('sink column dropped', 'as of 1 more key')
def softmax_off_by_one():
    q, k, v = heads(110)
    e = (q @ k.mT / 4).masked_fill(~causal(20), -math.inf).exp()
    return qkv(q, k, v), ['--causal'], e / (1 + e.sum(-1, keepdim=True))


@mistake('key/value heads in the other order + rotary positions missing + no scale')
def three_things_forgotten():
    q, k, v = llama(111)
    return qkv(q, k, v), FLAGS, weights_of(q, k.repeat(1, 2, 1, 1), window(), scale=1.0)


@mistake('key/value heads in the other order + rotary positions of the keys missing + window ignored')
def three_things_wrong_in_the_cache():
    q, k, v = llama(112)
    return qkv(q, k, v), FLAGS, weights_of(rope(q, POSITIONS), k.repeat(1, 2, 1, 1), causal(N))
