"""Attentions in plain PyTorch, each with a mistake as people make it, and the words that name it.

A mistake is a function that returns (inputs, flags, observed): arrays to save and give by their flag, more flags, and
what the wrong code computed. @mistake says what diagnose has to name.
"""
import math

import torch

ALL = []


def mistake(*words):
    def add(function):
        ALL.append((function.__name__, words, function))
        return function
    return add


def split(x, heads):
    batch, n, width = x.shape
    return x.view(batch, n, heads, width // heads).transpose(1, 2)


def merge(x):
    batch, heads, n, d = x.shape
    return x.transpose(1, 2).reshape(batch, n, heads * d)


def causal(n, m=None):
    m = m or n
    return torch.ones(n, m).tril(m - n).bool()


def heads(seed, batch=2, h=4, kv=None, n=20, m=None, d=16):
    torch.manual_seed(seed)
    return (torch.randn(batch, h, n, d), torch.randn(batch, kv or h, m or n, d), torch.randn(batch, kv or h, m or n, d))


def weights_of(q, k, mask=None, scale=None, bias=None):
    if k.shape[1] != q.shape[1]:
        k = k.repeat_interleave(q.shape[1] // k.shape[1], 1)
    scores = q @ k.transpose(-2, -1) * (scale or 1 / math.sqrt(q.shape[-1]))
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, float('-inf'))
    return scores.softmax(-1)


def qkv(q, k, v, **more):
    return {'-q': q, '-k': k, '-v': v, **more}


def layer(seed, batch=2, n=12, width=32, kv_width=None):
    torch.manual_seed(seed)
    kv_width = kv_width or width
    w = {'W_Q': torch.randn(width, width), 'W_K': torch.randn(width, kv_width), 'W_V': torch.randn(width, kv_width),
         'W_O': torch.randn(width, width), 'b_Q': torch.randn(width), 'b_K': torch.randn(kv_width),
         'b_V': torch.randn(kv_width), 'b_O': torch.randn(width)}
    for name in list(w):
        w[name] = w[name] / math.sqrt(width) if name.startswith('W') else w[name] / 2
    return torch.randn(batch, n, width), w


def attend(x, w, h=4, with_bias='QKVO', join=merge):
    def project(letter):
        y = x @ w['W_' + letter]
        return split(y + w['b_' + letter] if letter in with_bias else y, h)
    context = join(weights_of(project('Q'), project('K'), causal(x.shape[1])) @ project('V')) @ w['W_O']
    return context + w['b_O'] if 'O' in with_bias else context


def from_layer(x, w):
    return {'-x': x, '-w': w}, ['--heads', '4', '--causal']


def rope(x, positions, theta=10000.0, dim=None, sign=1):
    dim = dim or x.shape[-1]
    inv_freq = 1.0 / theta ** (torch.arange(0, dim, 2).double() / dim)
    angles = positions.double()[:, None] * inv_freq
    cos, sin = torch.cat([angles, angles], -1).cos().float(), sign * torch.cat([angles, angles], -1).sin().float()
    turned, rest = x[..., :dim], x[..., dim:]
    half = torch.cat([-turned[..., dim // 2:], turned[..., :dim // 2]], -1)
    return torch.cat([turned * cos + half * sin, rest], -1)


# ---- projections and what is made of the contexts

@mistake('b_Q missing')
def query_bias_forgotten():
    x, w = layer(1)
    return *from_layer(x, w), attend(x, w, with_bias='KVO')


@mistake('b_V missing')
def value_bias_forgotten():
    x, w = layer(2)
    return *from_layer(x, w), attend(x, w, with_bias='QKO')


@mistake('b_O missing')
def out_proj_without_bias():
    x, w = layer(3)
    return *from_layer(x, w), attend(x, w, with_bias='QKV')


@mistake('biases of queries, keys and values missing')
def in_proj_bias_not_loaded():
    x, w = layer(4)
    return *from_layer(x, w), attend(x, w, with_bias='O')


@mistake('W_O missing')
def returned_before_out_proj():
    x, w = layer(5)
    return *from_layer(x, w), attend(x, {**w, 'W_O': torch.eye(32)}, with_bias='QKV')


@mistake('W_O transposed')
def out_proj_weight_as_nn_linear_keeps_it():
    x, w = layer(6)
    return *from_layer(x, w), attend(x, {**w, 'W_O': w['W_O'].T})


@mistake('residual added to the output')
def saved_after_the_residual():
    x, w = layer(7)
    return *from_layer(x, w), x + attend(x, w)


@mistake('heads merged without transpose')
def reshape_without_transpose():
    x, w = layer(8)
    return *from_layer(x, w), attend(x, w, join=lambda c: c.reshape(c.shape[0], c.shape[2], -1))


@mistake('heads merged with their dimensions outside')
def einops_d_h():
    x, w = layer(9)
    return *from_layer(x, w), attend(x, w, join=lambda c: c.permute(0, 2, 3, 1).reshape(c.shape[0], c.shape[2], -1))


@mistake('heads split with their dimensions outside')
def view_d_heads():
    x, w = layer(10)
    q, k = ((x @ w['W_' + m] + w['b_' + m]).view(2, 12, 8, 4).permute(0, 3, 1, 2) for m in 'QK')
    return *from_layer(x, w), weights_of(q, k, causal(12))


# ---- rotary positions

@mistake('rotary positions of the keys missing')
def rotary_on_queries_only():
    q, k, v = heads(11, kv=2)
    at = torch.arange(20)
    return qkv(q, k, v), ['--causal', '--rope'], weights_of(rope(q, at), k, causal(20))


@mistake('rotary positions of the queries missing')
def rotary_on_keys_only():
    q, k, v = heads(12, kv=2)
    return qkv(q, k, v), ['--causal', '--rope'], weights_of(q, rope(k, torch.arange(20)), causal(20))


@mistake('rotary with the other sign')
def rotate_half_with_the_other_sign():
    q, k, v = heads(13)
    at = torch.arange(20)
    return qkv(q, k, v), ['--causal', '--rope'], weights_of(rope(q, at, sign=-1), rope(k, at, sign=-1), causal(20))


@mistake('rotary positions applied twice')
def rotary_in_the_model_and_in_the_kernel():
    q, k, v = heads(14)
    at = torch.arange(20)
    q2, k2 = rope(rope(q, at), at), rope(rope(k, at), at)
    return qkv(q, k, v), ['--causal', '--rope'], weights_of(q2, k2, causal(20))


@mistake('rotary on half of the dimensions')
def rotary_pct_of_one_half():
    q, k, v = heads(15)
    at = torch.arange(20)
    return qkv(q, k, v), ['--causal', '--rope'], weights_of(rope(q, at, dim=8), rope(k, at, dim=8), causal(20))


@mistake('rotary on all dimensions')
def partial_rotary_factor_ignored():
    q, k, v = heads(16)
    at = torch.arange(20)
    return qkv(q, k, v), ['--causal', '--rope', '--rope-dim', '8'], weights_of(rope(q, at), rope(k, at), causal(20))


@mistake('rotary positions of the queries one ahead')
def query_positions_from_one():
    q, k, v = heads(17)
    at = torch.arange(20)
    return qkv(q, k, v), ['--causal', '--rope'], weights_of(rope(q, at + 1), rope(k, at), causal(20))


@mistake('another rotary theta', 'theta 31415')
def theta_that_nobody_has():
    q, k, v = heads(18, n=40)
    at = torch.arange(40)
    seen = weights_of(rope(q, at, 31415), rope(k, at, 31415), causal(40))
    return qkv(q, k, v), ['--causal', '--rope', '--rope-theta', '500000'], seen


@mistake('rotary angles in the order of the other pairs')
def repeat_interleave_with_rotate_half():
    q, k, v = heads(19)
    angles = torch.arange(20)[:, None] / 10000 ** (torch.arange(0, 16, 2) / 16)
    cos, sin = angles.repeat_interleave(2, -1).cos(), angles.repeat_interleave(2, -1).sin()

    def turn(x):
        return x * cos + torch.cat([-x[..., 8:], x[..., :8]], -1) * sin
    return qkv(q, k, v), ['--causal', '--rope'], weights_of(turn(q), turn(k), causal(20))


@mistake('rotary positions of the queries start again at 0')
def decoding_with_query_positions_from_0():
    q, k, v = heads(20, batch=1, n=5)
    _, past_k, past_v = heads(21, batch=1, n=9)
    all_k = torch.cat([past_k, rope(k, torch.arange(9, 14))], 2)
    seen = weights_of(rope(q, torch.arange(5)), all_k, causal(5, 14))
    return qkv(q, k, v, **{'--past-key': past_k, '--past-value': past_v}), ['--causal', '--rope'], seen


@mistake('rotary positions one ahead behind the cache')
def decoding_one_position_ahead():
    q, k, v = heads(22, batch=1, n=3)
    _, past_k, past_v = heads(23, batch=1, n=9)
    at = torch.arange(10, 13)
    seen = weights_of(rope(q, at), torch.cat([past_k, rope(k, at)], 2), causal(3, 12))
    return qkv(q, k, v, **{'--past-key': past_k, '--past-value': past_v}), ['--causal', '--rope'], seen


@mistake('new keys in front of the cache')
def cat_in_the_wrong_order():
    q, k, v = heads(24, batch=1, n=3)
    _, past_k, past_v = heads(25, batch=1, n=9)
    seen = weights_of(q, torch.cat([k, past_k], 2), causal(3, 12)) @ torch.cat([v, past_v], 2)
    return qkv(q, k, v, **{'--past-key': past_k, '--past-value': past_v}), ['--causal'], seen


@mistake('cache of another sequence')
def cache_not_reordered_with_the_beams():
    q, k, v = heads(26, n=3)
    _, past_k, past_v = heads(27, n=9)
    seen = weights_of(q, torch.cat([past_k.flip(0), k], 2), causal(3, 12))
    return qkv(q, k, v, **{'--past-key': past_k, '--past-value': past_v}), ['--causal'], seen


# ---- scores

@mistake('scaled by 1 / sqrt(d_head)')
def gemma_2_with_the_usual_scale():
    q, k, v = heads(28)
    scores = 5 * torch.tanh(q @ k.transpose(-2, -1) / 4 / 5)
    seen = scores.masked_fill(~causal(20), float('-inf')).softmax(-1)
    return qkv(q, k, v), ['--causal', '--softcap', '5', '--scale', '0.125'], seen


@mistake('scaled by 1 / sqrt(d_head)')
def t5_with_a_scale():
    q, k, v = heads(29)
    bias = torch.randn(4, 20, 20)
    return qkv(q, k, v, **{'--bias': bias}), ['--scale', '1'], weights_of(q, k, bias=bias)


@mistake('another softcap', 'softcap 30')
def cap_of_the_logits():
    q, k, v = heads(30)
    scores = 30 * torch.tanh(q @ k.transpose(-2, -1) / 4 / 30)
    return qkv(q, k, v), ['--softcap', '5'], scores.softmax(-1)


@mistake('temperature', 'temperature 0.7')
def temperature_behind_the_bias():
    q, k, v = heads(31)
    bias = torch.randn(4, 20, 20)
    seen = ((q @ k.transpose(-2, -1) / 4 + bias) / 0.7).softmax(-1)
    return qkv(q, k, v, **{'--bias': bias}), [], seen


@mistake('bias of the scores added twice')
def bias_in_the_mask_and_in_the_scores():
    q, k, v = heads(32)
    bias = torch.randn(4, 20, 20)
    return qkv(q, k, v, **{'--bias': bias}), [], weights_of(q, k, bias=2 * bias)


@mistake('bias of the scores transposed')
def swin_bias_indexed_the_other_way():
    q, k, v = heads(33)
    bias = torch.randn(4, 20, 20)
    return qkv(q, k, v, **{'--bias': bias}), [], weights_of(q, k, bias=bias.transpose(1, 2))


@mistake('bias of head 0 for all heads')
def bias_broadcast_from_one_head():
    q, k, v = heads(34)
    bias = torch.randn(4, 20, 20)
    return qkv(q, k, v, **{'--bias': bias}), [], weights_of(q, k, bias=bias[:1])


@mistake('ALiBi slopes as if the number of heads were a power of two')
def geometric_slopes_for_six_heads():
    q, k, v = heads(35, h=6)
    slopes = 2.0 ** (-8 * torch.arange(1, 7) / 6)
    distance = torch.arange(20)[None, :] - torch.arange(20)[:, None]
    return qkv(q, k, v), ['--alibi', '--causal'], weights_of(q, k, causal(20), bias=slopes[:, None, None] * distance)


@mistake('ALiBi by the distance to either side')
def alibi_with_abs():
    q, k, v = heads(36)
    slopes = 2.0 ** (-8 * torch.arange(1, 5) / 4)
    distance = (torch.arange(20)[None, :] - torch.arange(20)[:, None]).abs()
    return qkv(q, k, v), ['--alibi'], weights_of(q, k, bias=-slopes[:, None, None] * distance)


@mistake('sink counted twice')
def two_columns_for_one_sink():
    q, k, v = heads(37)
    sink = torch.tensor([0.5, -1.0, 1.0, 0.0])
    column = sink.view(1, 4, 1, 1).expand(2, 4, 20, 1)
    seen = torch.cat([q @ k.transpose(-2, -1) / 4, column, column], -1).softmax(-1)[..., :20]
    return qkv(q, k, v, **{'--sink': sink}), [], seen


# ---- masks

@mistake('padding polarity')
def key_padding_mask_of_the_other_sense():
    q, k, v = heads(38)
    valid = torch.arange(20) < torch.tensor([15, 11])[:, None]
    return qkv(q, k, v), ['--key-lengths', '15,11'], weights_of(q, k, ~valid[:, None, None, :])


@mistake('padding one key long')
def padding_with_less_or_equal():
    q, k, v = heads(39)
    valid = torch.arange(20) <= torch.tensor([15, 11])[:, None]
    return qkv(q, k, v), ['--key-lengths', '15,11', '--causal'], weights_of(q, k, valid[:, None, None, :] & causal(20))


@mistake('padding of another sequence')
def lengths_in_another_order():
    q, k, v = heads(40)
    valid = torch.arange(20) < torch.tensor([11, 15])[:, None]
    return qkv(q, k, v), ['--key-lengths', '15,11'], weights_of(q, k, valid[:, None, None, :])


@mistake('padding on the other side')
def left_padding():
    q, k, v = heads(41)
    valid = torch.arange(20) >= 20 - torch.tensor([15, 11])[:, None]
    return qkv(q, k, v), ['--key-lengths', '15,11'], weights_of(q, k, valid[:, None, None, :])


@mistake('padding on the axis of the queries')
def padding_unsqueezed_at_the_wrong_axis():
    q, k, v = heads(42)
    valid = torch.arange(20) < torch.tensor([15, 11])[:, None]
    seen = torch.nan_to_num(weights_of(q, k, valid[:, None, :, None].expand(2, 1, 20, 20)))
    return qkv(q, k, v), ['--key-lengths', '15,11'], seen


@mistake('window one key too short on the right')
def window_one_short_on_the_right():
    q, k, v = heads(43)
    distance = torch.arange(20)[None, :] - torch.arange(20)[:, None]
    seen = weights_of(q, k, (distance >= -4) & (distance < 4))
    return qkv(q, k, v), ['--window', '4,4'], seen


@mistake('keys and values of the token before')
def keys_of_the_token_before():
    q, k, v = heads(44)
    seen = weights_of(q, k.roll(1, 2), causal(20)) @ v.roll(1, 2)
    return qkv(q, k, v), ['--causal'], seen


@mistake('keys rounded to int8')
def int8_cache():
    q, k, v = heads(45)
    step = k.abs().amax(-1, keepdim=True) / 127
    return qkv(q, k, v), ['--causal'], weights_of(q, (k / step).round() * step, causal(20))


# ---- heads and sequences

@mistake('heads in another order', 'heads 0 and 2 changed places')
def two_heads_changed_places():
    q, k, v = heads(46)
    return qkv(q, k, v), ['--causal'], weights_of(q, k, causal(20))[:, [2, 1, 0, 3]]


@mistake('heads in another order', 'head 0 is 3, head 1 is 0, head 2 is 1, head 3 is 2')
def shards_gathered_in_another_order():
    q, k, v = heads(47, kv=2)
    seen = weights_of(q, k, causal(20)) @ v.repeat_interleave(2, 1)
    return qkv(q, k, v), ['--causal'], seen.roll(1, 1)


@mistake('causal mask missing', 'head 2 only')
def one_head_is_not_masked():
    q, k, v = heads(48)
    seen = weights_of(q, k, causal(20))
    seen[:, 2] = weights_of(q, k)[:, 2]
    return qkv(q, k, v), ['--causal'], seen


@mistake('padding of another sequence', 'sequence 1 only')
def one_sequence_has_the_padding_of_the_other():
    q, k, v = heads(49)
    valid = torch.arange(20) < torch.tensor([15, 15])[:, None]
    return qkv(q, k, v), ['--key-lengths', '15,11'], weights_of(q, k, valid[:, None, None, :])


@mistake('sink column dropped', 'as of 12 more keys with a score of 0')
def softmax_over_a_padded_axis():
    q, k, v = heads(50)
    padded = torch.nn.functional.pad(q @ k.transpose(2, 3) / 4, (0, 12))
    return qkv(q, k, v), [], padded.softmax(-1)[..., :20]
