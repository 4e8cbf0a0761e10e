"""Transformers as they were published, written down once more in plain PyTorch and float64.

make_golden_models.py holds the C++ against these, so nothing here comes from there: the sources are the papers
and the modelling code that defines the checkpoints. An architecture is a function of a Model. It takes its
numbers from the config and names the tensors of the checkpoint; naming one for the first time draws it.
"""
import math
import zlib
from collections import namedtuple

import numpy as np
import torch

from make_golden import relative_buckets

BATCH, TOKENS = 2, 9


# The pieces

def gelu(x):
    return x / 2 * (1 + torch.erf(x / math.sqrt(2)))


def gelu_tanh(x):
    return x / 2 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


def silu(x):
    return x * torch.sigmoid(x)


ACTIVATIONS = {'relu': torch.relu, 'silu': silu, 'gelu': gelu, 'gelu_new': gelu_tanh, 'gelu_pytorch_tanh': gelu_tanh}


def normalise(x, eps, centre=True):
    """LayerNorm without parameters; not centred, RMSNorm."""
    if centre:
        x = x - x.mean(-1, keepdim=True)
    return x / torch.sqrt((x ** 2).mean(-1, keepdim=True) + eps)


def rope(config, dim, of_window=False):
    """Turn per position of each of the dim / 2 pairs, and the factor on all of them (YaRN's), as transformers does."""
    if of_window and 'rope_local_base_freq' in config:  # Gemma 3's layers with a window: another base, no scaling
        return config['rope_local_base_freq'] ** -(torch.arange(0, dim, 2, dtype=torch.float64) / dim), 1.0
    rule = config.get('rope_parameters') or config.get('rope_scaling') or {}
    kind = rule.get('rope_type', rule.get('type'))
    theta = rule.get('rope_theta') or config.get('rope_theta') or config['rotary_emb_base']
    stretch, length = rule.get('factor'), config['max_position_embeddings']
    exponent = torch.arange(0, dim, 2, dtype=torch.float64) / dim
    if kind == 'dynamic' and TOKENS > length:  # a larger base for texts longer than the model was trained on
        theta *= (stretch * TOKENS / length - (stretch - 1)) ** (dim / (dim - 2))
    turn = theta ** -exponent
    if kind == 'linear':
        turn = turn / stretch
    if kind == 'yarn':  # pairs that turn often in the old context stay, those that turn less than once are stretched
        length = rule['original_max_position_embeddings']
        pair = lambda turns: dim * math.log(length / (turns * 2 * math.pi)) / (2 * math.log(theta))
        low, high = pair(32), pair(1)
        if rule.get('truncate', True):
            low, high = math.floor(low), math.ceil(high)
        low, high = max(low, 0), min(high, dim - 1)
        share = ((torch.arange(dim // 2, dtype=torch.float64) - low) / (high - low)).clamp(0, 1)
        return turn * (1 - share) + turn / stretch * share, 0.1 * math.log(stretch) + 1
    if kind == 'llama3':  # the same by wavelength, with a blend between the two bounds
        length, low, high = (rule[n] for n in ('original_max_position_embeddings', 'low_freq_factor', 'high_freq_factor'))
        share = ((length * turn / (2 * math.pi) - low) / (high - low)).clamp(0, 1)
        turn = turn / stretch * (1 - share) + turn * share
    return turn, 1.0


def rotate(x, turn, factor=1.0):
    """Rotary positions of x [batch, heads, tokens, d]: value i is paired with i + half, what is left over passes."""
    half = len(turn)
    angle = torch.arange(x.shape[2])[:, None] * turn
    cos, sin = factor * torch.cos(angle), factor * torch.sin(angle)
    a, b, rest = x.split((half, half, x.shape[-1] - 2 * half), -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin, rest), -1)


def split_heads(x, heads):
    """[batch, tokens, heads * d] -> [batch, heads, tokens, d]"""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def block(x, order, attention, mlp, norms):
    """The residual stream through one layer; every norm is a function, in the order of the checkpoint's names."""
    if order == 'post':
        x = norms[0](x + attention(x))
        return norms[1](x + mlp(x))
    if order == 'pre':
        x = x + attention(norms[0](x))
        return x + mlp(norms[1](x))
    if order == 'parallel':  # both read the layer's input; phi has one norm for the two
        return x + attention(norms[0](x)) + mlp(norms[-1](x))
    assert order == 'sandwich'
    x = x + norms[1](attention(norms[0](x)))
    return x + norms[3](mlp(norms[2](x)))


class Model:
    """A checkpoint that grows as the arithmetic names its tensors, and what the layers gave."""

    def __init__(self, family, config):
        self.family, self.config = family, config
        self.tensors, self.inputs, self.weights, self.hidden, self.expected = {}, {}, [], [], {}

    def random(self, name):
        return np.random.default_rng(zlib.crc32(f'{self.family}/{name}'.encode()))

    def draw(self, name, *shape, around=0.0, spread=0.3):
        """A parameter, in float64 with a float32's value. Its own seed, so that no other tensor shifts it."""
        if name not in self.tensors:
            values = around + spread * self.random(name).standard_normal(shape)
            self.tensors[name] = torch.from_numpy(np.asarray(values, np.float32))
        assert self.tensors[name].shape == shape, name
        return self.tensors[name].double()

    def embeddings(self, width, spread=0.2):
        x = (spread * self.random('embeddings').standard_normal((BATCH, TOKENS, width))).astype(np.float32)
        self.inputs['embeddings'] = x
        return torch.from_numpy(x).double()

    def hidden_states(self, layers, width):
        return (0.2 * self.random('hidden_states').standard_normal((layers, BATCH, TOKENS, width))).astype(np.float32)

    def words(self, name, vocab, width, padding=None):
        """Vectors of random tokens. Small ones, as after training, where a norm's epsilon still counts. 0 and 1 pad."""
        ids = self.random('token_ids').integers(2, vocab, (BATCH, TOKENS))
        if padding is not None:  # in front of the first sequence, behind the second
            ids[0, :3] = ids[1, -2:] = padding
        self.inputs['token_ids'] = ids
        return self.draw(name, vocab, width, spread=0.1)[torch.from_numpy(ids)]

    def places(self, name, rows, width, first=0):
        return self.draw(name, rows, width, spread=0.1)[first:first + TOKENS]

    def places_behind_padding(self, name, rows, width, padding):
        """RoBERTa: padding has the row of its own number, everything else counts from behind it."""
        tokens = torch.from_numpy(self.inputs['token_ids']) != padding
        return self.draw(name, rows, width, spread=0.1)[tokens.cumsum(-1) * tokens + padding]

    def given_places(self, name, rows, width):
        """Positions as an input, such as those of sequences with padding in front."""
        positions = np.maximum(np.arange(TOKENS) - np.array([[3], [0]]), 0)
        self.inputs['positions'] = positions
        return self.draw(name, rows, width, spread=0.1)[torch.from_numpy(positions)]

    def spare(self, name, *shape):
        """Tensors that the checkpoint has beside its layers, such as a classifier: nothing here uses them."""
        self.draw(name + '.weight', *shape)
        self.draw(name + '.bias', shape[0])

    def linear(self, x, name, out, bias=True, turned=False, gain=1.4):
        """nn.Linear, whose matrix is [out, in]; turned, the Conv1D of GPT-2, whose matrix is [in, out]."""
        dot, width = '_' if name.endswith('in_proj') else '.', x.shape[-1]
        matrix = self.draw(f'{name}{dot}weight', *((width, out) if turned else (out, width)), spread=gain / math.sqrt(width))
        y = x @ (matrix if turned else matrix.T)
        return y + self.draw(f'{name}{dot}bias', out) if bias else y

    def layer_norm(self, x, name, eps, bias=True):
        y = normalise(x, eps) * self.draw(name + '.weight', x.shape[-1], around=1, spread=0.2)
        return y + self.draw(name + '.bias', x.shape[-1], spread=0.2) if bias else y

    def rms_norm(self, x, name, eps, plus=0):
        """Gemma stores what its scale has more than `plus` = 1."""
        scale = plus + self.draw(name + '.weight', x.shape[-1], around=1 - plus, spread=0.2)
        return normalise(x, eps, centre=False) * scale

    def attend(self, q, k, v, causal=False, window=None, scale=None, softcap=None, bias=0.0, sinks=None):
        """q [batch, heads, tokens, d], k and v [batch, kv_heads, tokens, d] -> [batch, tokens, heads * d]."""
        k, v = (y.repeat_interleave(q.shape[1] // y.shape[1], 1) for y in (k, v))
        scores = q @ k.transpose(-1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
        if softcap:
            scores = softcap * torch.tanh(scores / softcap)
        back = torch.arange(TOKENS)[:, None] - torch.arange(TOKENS)
        hidden = (back < 0) & causal
        if window:  # the query itself and window - 1 keys before it
            hidden |= back >= window
        scores = (scores + bias).masked_fill(hidden, -math.inf)
        if sinks is not None:  # one more key, that has a score and nothing else
            sink = sinks[None, :, None, None].expand(*scores.shape[:3], 1)
            weights = torch.cat((scores, sink), -1).softmax(-1)[..., :-1]
        else:
            weights = scores.softmax(-1)
        self.weights.append(weights)
        return (weights @ v).transpose(1, 2).flatten(2)

    def head(self, x, matrix, bias=0.0, softcap=None):
        logits = x @ matrix.T + bias
        self.expected['logits'] = softcap * torch.tanh(logits / softcap) if softcap else logits


# Families whose layer is LayerNorm, attention with all heads, and two matrices with an activation between them

Names = namedtuple('Names', 'layer qkv out norms mlp')
GPT = Names('h.{}.', ['attn.c_attn'], 'attn.c_proj', ['ln_1', 'ln_2'], ['mlp.c_fc', 'mlp.c_proj'])
BERT = Names('encoder.layer.{}.', [f'attention.self.{n}' for n in ('query', 'key', 'value')], 'attention.output.dense',
             ['attention.output.LayerNorm', 'output.LayerNorm'], ['intermediate.dense', 'output.dense'])
DISTILBERT = Names('distilbert.transformer.layer.{}.', [f'attention.{n}_lin' for n in 'qkv'], 'attention.out_lin',
                   ['sa_layer_norm', 'output_layer_norm'], ['ffn.lin1', 'ffn.lin2'])
VIT = Names('vit.encoder.layer.{}.', [f'attention.attention.{n}' for n in ('query', 'key', 'value')],
            'attention.output.dense', ['layernorm_before', 'layernorm_after'], ['intermediate.dense', 'output.dense'])
VIT5 = Names('vit.layers.{}.', [f'attention.{n}_proj' for n in 'qkv'], 'attention.o_proj',
             ['layernorm_before', 'layernorm_after'], ['mlp.fc1', 'mlp.fc2'])
TIMM = Names('blocks.{}.', ['attn.qkv'], 'attn.proj', ['norm1', 'norm2'], ['mlp.fc1', 'mlp.fc2'])
TORCH = Names('layers.{}.', ['self_attn.in_proj'], 'self_attn.out_proj', ['norm1', 'norm2'], ['linear1', 'linear2'])
PHI = Names('model.layers.{}.', [f'self_attn.{n}_proj' for n in 'qkv'], 'self_attn.dense', ['input_layernorm'],
            ['mlp.fc1', 'mlp.fc2'])
NEOX = Names('gpt_neox.layers.{}.', ['attention.query_key_value'], 'attention.dense',
             ['input_layernorm', 'post_attention_layernorm'], ['mlp.dense_h_to_4h', 'mlp.dense_4h_to_h'])


def stack(m, x, names, layers, heads, inner, eps, activation, order='pre', causal=False, bias=True, turned=False,
          turn=None, per_head=False, scale_by_layer=False):
    """The layers of one of the families above; fused q, k and v are three blocks, or three parts per_head."""
    width = x.shape[-1]
    for n in range(layers):
        at = names.layer.format(n)
        linear = lambda x, name, out: m.linear(x, at + name, out, bias, turned)

        def attention(x):
            if len(names.qkv) == 3:
                q, k, v = (split_heads(linear(x, name, width), heads) for name in names.qkv)
            else:
                y = linear(x, names.qkv[0], 3 * width)
                y = y.unflatten(-1, (heads, 3, -1)).transpose(2, 3) if per_head else y.unflatten(-1, (3, heads, -1))
                q, k, v = (part.transpose(1, 2) for part in y.unbind(2))
            if turn is not None:
                q, k = rotate(q, turn), rotate(k, turn)
            scale = q.shape[-1] ** -0.5 / (n + 1 if scale_by_layer else 1)
            return linear(m.attend(q, k, v, causal, scale=scale), names.out, width)

        def mlp(x):
            return linear(activation(linear(x, names.mlp[0], inner)), names.mlp[1], width)

        norms = [lambda x, name=at + name: m.layer_norm(x, name, eps, bias) for name in names.norms]
        x = block(x, order, attention, mlp, norms)
        m.hidden.append(x)
    return x


def gpt(m, prefix='', activation=gelu_tanh, bias=True, turned=False, buffers=(), head=None, tied=True,
        given_places=False):
    """GPT-2 (Radford et al. 2019), and minGPT and nanoGPT, which kept its names and not all of its habits."""
    c = m.config
    width, vocab, length = c['n_embd'], c['vocab_size'], c.get('n_positions') or c['block_size']
    places = m.given_places if given_places else m.places
    x = m.words(prefix + 'wte.weight', vocab, width) + places(prefix + 'wpe.weight', length, width)
    names = GPT._replace(layer=prefix + GPT.layer)
    x = stack(m, x, names, c['n_layer'], c['n_head'], 4 * width, 1e-5, activation, 'pre', True, bias, turned,
              scale_by_layer=c.get('scale_attn_by_inverse_layer_idx', False))
    m.expected['final'] = x = m.layer_norm(x, prefix + 'ln_f', 1e-5, bias)
    for n in range(c['n_layer']):
        if 'bias' in buffers:
            m.tensors[f'{prefix}h.{n}.attn.bias'] = torch.ones(1, 1, length, length).tril()
        if 'masked_bias' in buffers:
            m.tensors[f'{prefix}h.{n}.attn.masked_bias'] = torch.tensor(-1e4)
    words = prefix + 'wte.weight'
    if not tied:
        m.draw(head, vocab, width)
    elif head:  # a state dict has a tied matrix under both names
        m.tensors[head] = m.tensors[words]
    m.head(x, m.tensors[head or words].double())


def bert(m, first_place=0, spare=(), segments=False, padding=None):
    """Devlin et al. 2018; RoBERTa (Liu et al. 2019) counts positions from behind the number of its padding token."""
    c = m.config
    prefix, width, eps = c['model_type'] + '.', c['hidden_size'], c['layer_norm_eps']
    table = prefix + 'embeddings.{}_embeddings.weight'
    x = m.words(table.format('word'), c['vocab_size'], width, padding)
    rows = c['max_position_embeddings']
    if padding is None:
        x = x + m.places(table.format('position'), rows, width, first_place)
    else:
        x = x + m.places_behind_padding(table.format('position'), rows, width, padding)
    types = np.zeros((BATCH, TOKENS), np.int64)
    if segments:
        types[0, 5:], types[1, 2:7] = 1, 1
        m.inputs['token_type_ids'] = types
    x = x + m.draw(table.format('token_type'), c['type_vocab_size'], width, spread=0.1)[torch.from_numpy(types)]
    x = m.layer_norm(x, prefix + 'embeddings.LayerNorm', eps)
    stack(m, x, BERT._replace(layer=prefix + BERT.layer), c['num_hidden_layers'], c['num_attention_heads'],
          c['intermediate_size'], eps, gelu, 'post')
    m.tensors[prefix + 'embeddings.position_ids'] = torch.arange(c['max_position_embeddings'])[None]
    for name, *shape in spare:
        m.spare(name, *shape)


def distilbert(m):
    """Sanh et al. 2019: BERT without token types; its epsilon is in no config."""
    c = m.config
    at, width = 'distilbert.embeddings.', c['dim']
    x = m.words(at + 'word_embeddings.weight', c['vocab_size'], width)
    x = x + m.places(at + 'position_embeddings.weight', c['max_position_embeddings'], width)
    x = m.layer_norm(x, at + 'LayerNorm', 1e-12)
    stack(m, x, DISTILBERT, c['n_layers'], c['n_heads'], c['hidden_dim'], 1e-12, gelu, 'post')
    m.spare('pre_classifier', width, width)
    m.spare('classifier', 2, width)


def vit(m, names=VIT):
    """Dosovitskiy et al. 2020, from what layer 0 reads: patches are no business of ours, their tensors are there."""
    c = m.config
    width, patch = c['hidden_size'], c['patch_size']
    x = m.embeddings(width)
    m.draw('vit.embeddings.cls_token', 1, 1, width)
    m.draw('vit.embeddings.position_embeddings', 1, (c['image_size'] // patch) ** 2 + 1, width)
    m.spare('vit.embeddings.patch_embeddings.projection', width, c['num_channels'], patch, patch)
    eps = c['layer_norm_eps']
    x = stack(m, x, names, c['num_hidden_layers'], c['num_attention_heads'], c['intermediate_size'], eps, gelu)
    m.expected['final'] = m.layer_norm(x, 'vit.layernorm', eps)
    m.spare('classifier', 2, width)


def timm(m):
    """The same as timm names it, with an epsilon of 1e-6 that is in no config."""
    width = m.config['num_features']
    x = m.embeddings(width)
    m.draw('cls_token', 1, 1, width)
    m.draw('pos_embed', 1, 10, width)
    m.spare('patch_embed.proj', width, 3, 2, 2)
    x = stack(m, x, TIMM, 2, m.config['num_heads'], 4 * width, 1e-6, gelu)
    m.expected['final'] = m.layer_norm(x, 'norm', 1e-6)
    m.spare('head', m.config['num_classes'], width)


def phi(m):
    """phi-1.5 and phi-2 (Li et al. 2023): attention and MLP side by side, half of every head turned, biases everywhere."""
    c = m.config
    width, vocab = c['hidden_size'], c['vocab_size']
    x = m.words('model.embed_tokens.weight', vocab, width)
    turn, _ = rope(c, int(width // c['num_attention_heads'] * c['partial_rotary_factor']))
    x = stack(m, x, PHI, c['num_hidden_layers'], c['num_attention_heads'], c['intermediate_size'], c['layer_norm_eps'],
              gelu_tanh, 'parallel', True, turn=turn)
    m.expected['final'] = x = m.layer_norm(x, 'model.final_layernorm', c['layer_norm_eps'])
    m.head(x, m.draw('lm_head.weight', vocab, width), m.draw('lm_head.bias', vocab))


def gpt_neox(m):
    """Black et al. 2022: q, k and v head by head in one matrix, a part of every head turned, two norms."""
    c = m.config
    width, vocab, length = c['hidden_size'], c['vocab_size'], c['max_position_embeddings']
    x = m.words('gpt_neox.embed_in.weight', vocab, width)
    turn, _ = rope(c, int(width // c['num_attention_heads'] * c['rotary_pct']))
    x = stack(m, x, NEOX, c['num_hidden_layers'], c['num_attention_heads'], c['intermediate_size'], c['layer_norm_eps'],
              gelu, 'parallel' if c['use_parallel_residual'] else 'pre', True, turn=turn, per_head=True)
    for n in range(c['num_hidden_layers']):
        at = f'gpt_neox.layers.{n}.attention.'
        m.tensors.update({at + 'bias': torch.ones(1, 1, length, length, dtype=torch.bool).tril(),
                          at + 'masked_bias': torch.tensor(-1e9), at + 'rotary_emb.inv_freq': turn.float()})
    m.expected['final'] = x = m.layer_norm(x, 'gpt_neox.final_layer_norm', c['layer_norm_eps'])
    m.head(x, m.draw('embed_out.weight', vocab, width))


# Families with RMSNorm and gates

def llama(m, fused=False, qkv_bias=False, qk_norm=False, gemma=False, windows=(None,) * 4, turned=(True,) * 4,
          sinks=False, experts=False, order='pre', norms=('input_layernorm', 'post_attention_layernorm')):
    """Llama (Touvron et al. 2023) and those who took over its names; what they changed are the options."""
    c = m.config
    width, inner, vocab = c['hidden_size'], c['intermediate_size'], c['vocab_size']
    heads, kv_heads = c['num_attention_heads'], c['num_key_value_heads']
    d = c.get('head_dim') or width // heads
    scale, cap = c.get('query_pre_attn_scalar', d) ** -0.5, c.get('attn_logit_softcapping')
    norm = lambda x, name: m.rms_norm(x, name, c['rms_norm_eps'], plus=1 if gemma else 0)
    x = m.words('model.embed_tokens.weight', vocab, width)
    if gemma:
        x = x * math.sqrt(width)
    if experts:  # no mixture of experts here: every layer reads a hidden state of its own
        m.inputs = {'hidden_states': m.hidden_states(c['num_hidden_layers'], width)}
    outputs = []
    for n in range(c['num_hidden_layers']):
        at = f'model.layers.{n}.'
        linear = lambda x, name, out, bias=False: m.linear(x, at + name, out, bias)

        def attention(x):
            sizes = heads * d, kv_heads * d, kv_heads * d
            if fused:
                q, k, v = linear(x, 'self_attn.qkv_proj', sum(sizes)).split(sizes, -1)
            else:
                q, k, v = (linear(x, f'self_attn.{name}_proj', size, qkv_bias) for name, size in zip('qkv', sizes))
            q, k, v = split_heads(q, heads), split_heads(k, kv_heads), split_heads(v, kv_heads)
            if qk_norm:
                q, k = norm(q, at + 'self_attn.q_norm'), norm(k, at + 'self_attn.k_norm')
            if turned[n]:
                turn, factor = rope(c, d, windows[n] is not None)
                q, k = rotate(q, turn, factor), rotate(k, turn, factor)
            sink = m.draw(at + 'self_attn.sinks', heads, spread=1.0) if sinks else None
            context = m.attend(q, k, v, True, windows[n], scale, cap, sinks=sink)
            return linear(context, 'self_attn.o_proj', width, sinks and qkv_bias)

        def mlp(x):
            if fused:
                gate, up = linear(x, 'mlp.gate_up_proj', 2 * inner).chunk(2, -1)
            else:
                gate, up = linear(x, 'mlp.gate_proj', inner), linear(x, 'mlp.up_proj', inner)
            return linear(ACTIVATIONS[c['hidden_act']](gate) * up, 'mlp.down_proj', width)

        parts = [lambda x, name=at + name: norm(x, name) for name in norms]
        if experts:
            outputs.append(attention(parts[0](torch.from_numpy(m.inputs['hidden_states'][n]).double())))
            m.draw(at + 'post_attention_layernorm.weight', width)
            m.spare(at + 'mlp.router', c['num_local_experts'], width)
            continue
        x = block(x, order, attention, mlp, parts)
        m.hidden.append(x)
    if experts:
        m.expected['output'] = torch.stack(outputs)
        return
    m.expected['final'] = x = norm(x, 'model.norm')
    tied = c.get('tie_word_embeddings', True)  # transformers leaves out what is its default
    matrix = m.draw('model.embed_tokens.weight' if tied else 'lm_head.weight', vocab, width)
    m.head(x, matrix, softcap=c.get('final_logit_softcapping'))


def t5(m, own_tables=False):
    """The encoder of T5 (Raffel et al. 2020), v1.1 with gates: no scale, no biases, one table of positions for all layers.

    UMT5 (Chung et al. 2023) has a table of its own in every layer."""
    c = m.config
    width, heads, inner, eps = c['d_model'], c['num_heads'], c['d_ff'], c['layer_norm_epsilon']
    x = m.words('shared.weight', c['vocab_size'], width)
    distance = torch.arange(TOKENS) - torch.arange(TOKENS)[:, None]
    for n in range(c['num_layers']):
        at = f'encoder.block.{n}.layer.'
        if n == 0 or own_tables:
            table = m.draw(at + '0.SelfAttention.relative_attention_bias.weight', c['relative_attention_num_buckets'], heads,
                           spread=1.0)
            places = relative_buckets(distance, len(table), c['relative_attention_max_distance'], True)
            bias = table[places].permute(2, 0, 1)
        linear = lambda x, name, out, gain=1.4: m.linear(x, at + name, out, bias=False, gain=gain)

        def attention(x):
            gains = 1.4 / math.sqrt(c['d_kv']), 1.4, 1.4  # small queries are T5's scale
            q, k, v = (linear(x, f'0.SelfAttention.{name}', heads * c['d_kv'], gain) for name, gain in zip('qkv', gains))
            q, k, v = (split_heads(y, heads) for y in (q, k, v))
            return linear(m.attend(q, k, v, scale=1, bias=bias), '0.SelfAttention.o', width)

        def mlp(x):
            activation = ACTIVATIONS[c['dense_act_fn']]
            if c['is_gated_act']:
                y = activation(linear(x, '1.DenseReluDense.wi_0', inner)) * linear(x, '1.DenseReluDense.wi_1', inner)
            else:
                y = activation(linear(x, '1.DenseReluDense.wi', inner))
            return linear(y, '1.DenseReluDense.wo', width)

        norms = [lambda x, name=at + name: m.rms_norm(x, name, eps) for name in ('0.layer_norm', '1.layer_norm')]
        x = block(x, 'pre', attention, mlp, norms)
        m.hidden.append(x)
    m.expected['final'] = m.rms_norm(x, 'encoder.final_layer_norm', eps)


# Modules of torch, held against torch itself

def equal(ours, theirs):
    assert torch.allclose(ours, theirs, rtol=1e-12, atol=1e-12), (ours - theirs).abs().max()


def torch_attention(m):
    """One nn.MultiheadAttention: no norm, no residual, so the output is no hidden state."""
    width, heads = 16, m.config['num_heads']
    x = m.embeddings(width, spread=1)
    q, k, v = (split_heads(y, heads) for y in m.linear(x, 'in_proj', 3 * width).chunk(3, -1))
    output = m.linear(m.attend(q, k, v), 'out_proj', width)
    m.expected['output'] = output[None]
    module = torch.nn.MultiheadAttention(width, heads, batch_first=True).double()
    module.load_state_dict(m.tensors)
    theirs, weights = module(x, x, x, average_attn_weights=False)
    equal(output, theirs)
    equal(m.weights[0], weights)


def torch_encoder(m):
    """nn.TransformerEncoder of two layers, as in Vaswani et al. 2017, or with norms first and one at the end."""
    width, inner, heads = 16, 28, m.config['nhead']
    first, activation = m.config.get('norm_first', False), m.config.get('activation', 'relu')
    x = m.embeddings(width, spread=1)
    y = stack(m, x, TORCH, 2, heads, inner, 1e-5, ACTIVATIONS[activation], 'pre' if first else 'post')
    if first:
        m.expected['final'] = y = m.layer_norm(y, 'norm', 1e-5)
    layer = torch.nn.TransformerEncoderLayer(width, heads, inner, activation=activation, batch_first=True,
                                             norm_first=first)
    module = torch.nn.TransformerEncoder(layer, 2, torch.nn.LayerNorm(width) if first else None).double().eval()
    module.load_state_dict(m.tensors)
    equal(y, module(x))  # parameters want gradients, so torch takes the plain path


def transformer_lens(m):
    """HookedTransformer: matrices as x @ W, one per head; LNPre is what is left when the norms are folded into them."""
    c = m.config
    width, heads, d, vocab = c['d_model'], c['n_heads'], c['d_head'], c['d_vocab']

    def norm(x, name):
        y = normalise(x, c['eps'])
        if c['normalization_type'] == 'LNPre':
            return y
        return y * m.draw(name + '.w', width, around=1, spread=0.2) + m.draw(name + '.b', width, spread=0.2)

    x = m.words('embed.W_E', vocab, width) + m.places('pos_embed.W_pos', c['n_ctx'], width)
    for n in range(c['n_layers']):
        at = f'blocks.{n}.'
        matrix = lambda name, *shape: m.draw(at + name, *shape, spread=1.4 / math.sqrt(width))

        def attention(x):
            q, k, v = (torch.einsum('btm,hmd->bhtd', x, matrix(f'attn.W_{s}', heads, width, d)) +
                       m.draw(f'{at}attn.b_{s}', heads, d)[:, None] for s in 'QKV')
            context = m.attend(q, k, v, causal=True)
            return context @ matrix('attn.W_O', heads, d, width).flatten(0, 1) + m.draw(at + 'attn.b_O', width)

        def mlp(x):
            y = x @ matrix('mlp.W_in', width, c['d_mlp']) + m.draw(at + 'mlp.b_in', c['d_mlp'])
            return ACTIVATIONS[c['act_fn']](y) @ matrix('mlp.W_out', c['d_mlp'], width) + m.draw(at + 'mlp.b_out', width)

        m.tensors[at + 'attn.mask'] = torch.ones(c['n_ctx'], c['n_ctx'], dtype=torch.bool).tril()
        m.tensors[at + 'attn.IGNORE'] = torch.tensor(-math.inf)
        x = block(x, 'pre', attention, mlp, [lambda x, name=at + name: norm(x, name) for name in ('ln1', 'ln2')])
        m.hidden.append(x)
    m.expected['final'] = x = norm(x, 'ln_final')
    m.head(x, m.draw('unembed.W_U', width, vocab).T, m.draw('unembed.b_U', vocab))
