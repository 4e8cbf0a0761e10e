"""Mistakes that are made less often, in plain PyTorch as mistakes.py has them: of heads that are told apart no more, of
parts of the matrices, of what belongs to another layer."""
import math

import torch
from mistakes import attend, causal, from_layer, heads, layer, mistake, qkv, rope, split, weights_of


# ---- what was saved

@mistake('heads averaged')
def average_attn_weights_left_at_true():
    q, k, v = heads(60)
    return qkv(q, k, v), ['--causal'], weights_of(q, k, causal(20)).mean(1)


@mistake('heads averaged')
def mean_over_heads_that_was_broadcast():
    q, k, v = heads(61, kv=2)
    return qkv(q, k, v), [], weights_of(q, k).mean(1, keepdim=True).expand(2, 4, 20, 20)


@mistake('causal mask missing + heads averaged')
def average_of_heads_that_see_the_future():
    q, k, v = heads(62)
    return qkv(q, k, v), ['--causal'], weights_of(q, k).mean(1)


@mistake('no scale + heads averaged')
def average_of_unscaled_heads():
    q, k, v = heads(63)
    return qkv(q, k, v), ['--causal'], weights_of(q, k, causal(20), scale=1.0).mean(1)


@mistake('only the largest weights kept', '5 in each row')
def topk_that_was_not_renormalised():
    q, k, v = heads(64)
    w = weights_of(q, k)
    top = w.topk(5, -1)
    return qkv(q, k, v), [], torch.zeros_like(w).scatter(-1, top.indices, top.values)


@mistake('only the largest weights kept and renormalised', '6 in each row')
def topk_that_sums_to_one():
    q, k, v = heads(65)
    w = weights_of(q, k, causal(20))
    top = w.topk(6, -1)
    kept = torch.zeros_like(w).scatter(-1, top.indices, top.values)
    return qkv(q, k, v), ['--causal'], kept / kept.sum(-1, keepdim=True)


@mistake('only the largest weights kept and renormalised', '4 in each row')
def topk_of_the_scores():
    q, k, v = heads(66)
    scores = q @ k.transpose(-2, -1) / 4
    least = scores.topk(4, -1).values[..., -1:]
    return qkv(q, k, v), [], scores.masked_fill(scores < least, float('-inf')).softmax(-1) @ v


@mistake('no scale + only the largest weights kept and renormalised')
def topk_of_unscaled_scores():
    q, k, v = heads(67)
    scores = q @ k.transpose(-2, -1)
    least = scores.topk(4, -1).values[..., -1:]
    return qkv(q, k, v), [], scores.masked_fill(scores < least, float('-inf')).softmax(-1)


@mistake('dropout left on', 'head 2 only')
def dropout_on_one_head():
    q, k, v = heads(68, n=40)
    w = weights_of(q, k, causal(40))
    w[:, 2] = torch.nn.functional.dropout(w[:, 2], 0.25)
    return qkv(q, k, v), ['--causal'], w


@mistake('dropout left on in some of the rows', 'p = 0.2')
def dropout_on_the_new_rows():
    q, k, v = heads(69, n=40)
    w = weights_of(q, k, causal(40))
    w[:, :, 25:] = torch.nn.functional.dropout(w[:, :, 25:], 0.2)
    return qkv(q, k, v), ['--causal'], w


@mistake('no scale + dropout left on in some of the rows')
def dropout_on_some_unscaled_rows():
    q, k, v = heads(70, n=40)
    w = weights_of(q, k, scale=1.0)
    w[:, :, :30] = torch.nn.functional.dropout(w[:, :, :30], 0.3)
    return qkv(q, k, v), [], w


# ---- values, sinks, windows

@mistake('value heads in another order', 'heads 0 and 2 changed places')
def value_heads_permuted():
    q, k, v = heads(71)
    return qkv(q, k, v), ['--causal'], weights_of(q, k, causal(20)) @ v[:, [2, 1, 0, 3]]


@mistake('value heads in another order', 'head 0 is 3, head 1 is 0, head 2 is 1, head 3 is 2')
def value_heads_rolled_in_front_of_out_proj():
    x, w = layer(72)
    d = 8
    v = {**w, 'W_V': w['W_V'].roll(d, 1), 'b_V': w['b_V'].roll(d, 0)}
    return {'-x': x, '-w': w}, ['--heads', '4', '--causal'], attend(x, v)


@mistake('b_O missing + value heads in another order')
def value_heads_swapped_and_no_bias():
    x, w = layer(73)
    order = torch.arange(32).view(4, 8)[[1, 0, 2, 3]].flatten()
    v = {**w, 'W_V': w['W_V'][:, order], 'b_V': w['b_V'][order]}
    return {'-x': x, '-w': w}, ['--heads', '4', '--causal'], attend(x, v, with_bias='QKV')


@mistake('sinks added to the weights')
def sinks_added_behind_softmax():
    q, k, v = heads(74)
    sink = torch.tensor([0.5, -1.0, 1.0, 0.25])
    return qkv(q, k, v, **{'--sink': sink}), [], weights_of(q, k) + sink.view(1, 4, 1, 1)


@mistake('no scale + sinks added to the weights')
def sinks_added_to_unscaled_weights():
    q, k, v = heads(75)
    sink = torch.tensor([0.5, -1.0, 1.0, 0.25])
    return qkv(q, k, v, **{'--sink': sink}), [], (weights_of(q, k, scale=1.0) + sink.view(1, 4, 1, 1)) @ v


@mistake('window measured from the end')
def window_of_the_last_keys():
    q, k, v = heads(76)
    last = torch.arange(20) >= 20 - 5
    return qkv(q, k, v), ['--window', '4,0', '--causal'], torch.nan_to_num(weights_of(q, k, last & causal(20)))


@mistake('window measured from the end')
def cache_cut_to_the_window_while_decoding():
    q, k, v = heads(77, n=3, m=20)
    seen = torch.cat([torch.zeros(2, 4, 3, 14), weights_of(q, k[:, :, -6:], causal(3, 6))], -1)
    return qkv(q, k, v), ['--window', '5,0', '--causal', '--query-offset', 'end'], seen


# ---- positions

def interleaved(x, positions, dim=None, theta=10000.0):
    dim = dim or x.shape[-1]
    angles = positions.double()[:, None] / theta ** (torch.arange(0, dim, 2).double() / dim)
    cos, sin = angles.repeat_interleave(2, -1).cos().float(), angles.repeat_interleave(2, -1).sin().float()
    turned = x[..., :dim]
    half = torch.stack([-turned[..., 1::2], turned[..., ::2]], -1).flatten(-2)
    return torch.cat([turned * cos + half * sin, x[..., dim:]], -1)


@mistake('rotary pairs swapped in a part of the dimensions', 'the first 8')
def interleaved_in_the_first_half():
    q, k, v = heads(78)
    at = torch.arange(20)

    def turn(x):
        return torch.cat([interleaved(x, at)[..., :8], rope(x, at)[..., 8:]], -1)
    return qkv(q, k, v), ['--causal', '--rope'], weights_of(turn(q), turn(k), causal(20))


@mistake('rotary pairs of the keys swapped')
def only_k_proj_was_permuted():
    q, k, v = heads(79)
    at = torch.arange(20)
    return qkv(q, k, v), ['--causal', '--rope'], weights_of(rope(q, at), interleaved(k, at), causal(20))


@mistake('rotary pairs of the queries swapped')
def only_q_proj_was_permuted():
    q, k, v = heads(80)
    at = torch.arange(20)
    return qkv(q, k, v), ['--causal', '--rope'], weights_of(interleaved(q, at), rope(k, at), causal(20))


@mistake('rotary pairs of the keys swapped + no scale')
def k_proj_permuted_and_no_scale():
    q, k, v = heads(81)
    at = torch.arange(20)
    return qkv(q, k, v), ['--rope'], weights_of(rope(q, at), interleaved(k, at), scale=1.0)


def t5_bias(table, n, most, two_sides=True):
    """transformers' T5Attention._relative_position_bucket, [heads, n, n]."""
    distance = torch.arange(n)[None, :] - torch.arange(n)[:, None]
    buckets = table.shape[0] // 2 if two_sides else table.shape[0]
    first = (distance > 0).long() * buckets if two_sides else 0
    back = distance.abs() if two_sides else (-distance).clamp(min=0)
    exact = buckets // 2
    far = exact + (torch.log(back.float() / exact) / math.log(most / exact) * (buckets - exact)).long().clamp(min=0)
    bucket = first + torch.where(back < exact, back, far.clamp(max=buckets - 1))
    return table[bucket].permute(2, 0, 1)


@mistake("another max distance of T5's buckets", 'max distance 20')
def max_distance_of_20():
    q, k, v = heads(82, n=60)
    table = torch.randn(32, 4)
    seen = weights_of(q, k, scale=1.0, bias=t5_bias(table, 60, 20))
    return qkv(q, k, v, **{'--relative-bias': table}), ['--bidirectional', '--scale', '1'], seen


@mistake("causal mask missing + another max distance of T5's buckets")
def decoder_without_mask_and_max_distance():
    q, k, v = heads(83, n=60)
    table = torch.randn(32, 4)
    seen = weights_of(q, k, scale=1.0, bias=t5_bias(table, 60, 64, two_sides=False))
    return qkv(q, k, v, **{'--relative-bias': table}), ['--causal', '--scale', '1'], seen


# ---- another layer's

def two_layers(seed):
    x, first = layer(seed)
    _, second = layer(seed + 1)
    w = {f'layers.{i}.{name}': matrix for i, one in enumerate([first, second]) for name, matrix in one.items()}
    return x, first, second, w


@mistake('keys and values of the next layer')
def past_key_values_of_layer_idx_plus_one():
    x, first, second, w = two_layers(84)
    behind = x + attend(x, first)
    q = split(x @ first['W_Q'] + first['b_Q'], 4)
    k, v = (split(behind @ second['W_' + m] + second['b_' + m], 4) for m in 'KV')
    context = (weights_of(q, k, causal(12)) @ v).transpose(1, 2).reshape(2, 12, 32)
    return {'-x': x, '-w': w}, ['--heads', '4', '--causal'], context @ first['W_O'] + first['b_O']


@mistake('W_K and W_V of the next layer')
def k_proj_loaded_from_the_next_layer():
    x, first, second, w = two_layers(86)
    q = split(x @ first['W_Q'] + first['b_Q'], 4)
    k = split(x @ second['W_K'] + second['b_K'], 4)
    return {'-x': x, '-w': w}, ['--heads', '4', '--causal'], weights_of(q, k, causal(12))


@mistake('keys and values of the next layer + causal mask missing')
def keys_of_the_next_layer_unmasked():
    x, first, second, w = two_layers(88)
    behind = x + attend(x, first)
    q = split(x @ first['W_Q'] + first['b_Q'], 4)
    k = split(behind @ second['W_K'] + second['b_K'], 4)
    return {'-x': x, '-w': w}, ['--heads', '4', '--causal'], weights_of(q, k)


# ---- of sequences, of places, of groups

@mistake('sequence reversed')
def flipped_and_not_flipped_back():
    x, w = layer(91)
    return from_layer(x, w) + (attend(x.flip(1), w),)


@mistake('sequence shifted by one, the last token in front')
def rolled_inputs():
    x, w = layer(92)
    return from_layer(x, w) + (attend(x.roll(1, 1), w),)


@mistake('sequence shifted by one, the first token at the end + no scale')
def rolled_and_unscaled_heads():
    q, k, v = (t.roll(-1, 2) for t in heads(93))
    back = [t.roll(1, 2) for t in (q, k, v)]
    return qkv(*back), ['--causal'], weights_of(q, k, causal(20), scale=1.0)


@mistake('rotary angles along the heads')
def rope_of_batch_n_heads_d():
    q, k, v = heads(94, kv=2)
    flags = ['--causal', '--rope', '--rope-theta', '10000']

    def turn(x):
        laid_out = x.transpose(1, 2)  # (batch, n, heads, d)
        return rope(laid_out, torch.arange(laid_out.shape[-2])).transpose(1, 2)
    return qkv(q, k, v), flags, weights_of(turn(q), turn(k), causal(20))


@mistake('key/value heads averaged', 'each 4 of 4')
def one_mean_key_for_all_heads():
    q, k, v = heads(95)
    return qkv(q, k, v), [], weights_of(q, k.mean(1, keepdim=True)) @ v.mean(1, keepdim=True)


@mistake('key/value heads averaged', 'each 2 of 4')
def heads_pooled_for_gqa():
    q, k, v = heads(96)
    return qkv(q, k, v), ['--causal'], weights_of(q, k.view(2, 2, 2, 20, 16).mean(2), causal(20))


@mistake('only the largest weights kept, without their places', '5 in each row')
def topk_values_without_indices():
    q, k, v = heads(97)
    scores = q @ k.transpose(-2, -1) / 4
    return qkv(q, k, v), [], scores.topk(5, -1).values.softmax(-1)


@mistake('no scale + only the largest weights kept, without their places', '6 in each row')
def sorted_unscaled_scores():
    q, k, v = heads(98)
    return qkv(q, k, v), [], (q @ k.transpose(-2, -1)).topk(6, -1).values


@mistake("ALiBi of the distance's logarithm")
def log_alibi():
    q, k, v = heads(99)
    slopes = 2.0 ** (-2.0 * torch.arange(1, 5))
    i = torch.arange(20)
    bias = -slopes[:, None, None] * torch.log1p((i[:, None] - i[None]).abs().float())
    return qkv(q, k, v), ['--causal', '--alibi'], weights_of(q, k, causal(20), bias=bias)
