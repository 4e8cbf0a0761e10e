#!/usr/bin/env python3
"""Writes tests/golden/models: a tiny checkpoint of every family and what its architecture makes of it, in float64.

A row of FAMILIES is a folder: an architecture and a config with the keys its own tool writes. The checkpoint
has the family's real names, and parameters that were rounded to the float32 that is stored before anything was
computed. The tests read the files and need no Python.

usage: make_golden_models.py [--only FAMILY]      needs python3-torch and python3-numpy
"""
import argparse
import json
import math
import os
import shutil

import torch

from architectures import (VIT5, Model, bert, distilbert, gelu, gpt, gpt_neox, llama, phi, t5, timm, torch_attention,
                           torch_encoder, transformer_lens, vit)
from export_attention import save_state_dict
from make_golden import GOLDEN, save


# The configs, as the tools write them

def hf(model_type, architecture, **keys):
    return {'architectures': [architecture], 'model_type': model_type, 'torch_dtype': 'float32',
            'transformers_version': '4.51.3', **keys}


def bert_config(model_type, architecture, **keys):
    return hf(model_type, architecture, attention_probs_dropout_prob=0.1, classifier_dropout=None, hidden_act='gelu',
              hidden_dropout_prob=0.1, hidden_size=16, initializer_range=0.02, intermediate_size=28, num_attention_heads=4,
              num_hidden_layers=2, position_embedding_type='absolute', use_cache=True, vocab_size=21, **keys)


def decoder_config(model_type, architecture, **keys):
    return hf(model_type, architecture, **{**dict(
        attention_dropout=0.0, bos_token_id=1, eos_token_id=2, hidden_act='silu', hidden_size=16, initializer_range=0.02,
        intermediate_size=28, max_position_embeddings=32, num_attention_heads=4, num_hidden_layers=2, num_key_value_heads=2,
        rms_norm_eps=1e-6, rope_theta=10000.0, use_cache=True, vocab_size=21), **keys})


def llama_config(scaling=None, **keys):
    return decoder_config('llama', 'LlamaForCausalLM', **{**dict(
        attention_bias=False, mlp_bias=False, pretraining_tp=1, rms_norm_eps=1e-5, rope_scaling=scaling,
        tie_word_embeddings=False), **keys})


def newer(config):
    """The form of transformers 5: everything about positions in one place."""
    config = dict(config, dtype=config['torch_dtype'], transformers_version='5.0.0',
                  rope_parameters={'rope_theta': config['rope_theta'], **config['rope_scaling']})
    return {key: value for key, value in config.items() if key not in ('torch_dtype', 'rope_theta', 'rope_scaling')}


def t5_config(model_type='t5', architecture='T5EncoderModel', **keys):
    return hf(model_type, architecture, classifier_dropout=0.0, d_ff=28, d_kv=6, d_model=16, decoder_start_token_id=0,
              dropout_rate=0.1, eos_token_id=1, initializer_factor=1.0, is_encoder_decoder=True, layer_norm_epsilon=1e-6,
              num_decoder_layers=2, num_heads=4, num_layers=2, pad_token_id=0, relative_attention_max_distance=6,
              relative_attention_num_buckets=8, use_cache=True, vocab_size=21, **keys)


def neox_config(**keys):
    return hf('gpt_neox', 'GPTNeoXForCausalLM', attention_bias=True, attention_dropout=0.0, bos_token_id=0,
              classifier_dropout=0.1, eos_token_id=0, hidden_act='gelu', hidden_dropout=0.0, hidden_size=32,
              initializer_range=0.02, intermediate_size=44, layer_norm_eps=1e-5, max_position_embeddings=12,
              num_attention_heads=4, num_hidden_layers=2, rope_scaling=None, rotary_emb_base=10000,
              tie_word_embeddings=False, use_cache=True, vocab_size=21, **keys)


def lens_config(**keys):
    return dict(act_fn='gelu_new', attention_dir='causal', attn_only=False, attn_scale=math.sqrt(6), d_head=6, d_mlp=28,
                d_model=16, d_vocab=21, d_vocab_out=21, device='cpu', eps=1e-5, final_rms=False, gated_mlp=False,
                model_name='custom', n_ctx=12, n_heads=4, n_key_value_heads=None, n_layers=2, parallel_attn_mlp=False,
                positional_embedding_type='standard', rotary_dim=None, seed=None, use_attn_scale=True, window_size=None, **keys)


SMALL_GPT = dict(n_embd=16, n_head=4, n_layer=2, vocab_size=21)

# folder: (architecture, config, what is not in the config)
FAMILIES = {
    'gpt2': (gpt, hf('gpt2', 'GPT2LMHeadModel', activation_function='gelu_new', attn_pdrop=0.1, bos_token_id=0, embd_pdrop=0.1,
                     eos_token_id=0, initializer_range=0.02, layer_norm_epsilon=1e-5, n_inner=None, n_positions=12,
                     reorder_and_upcast_attn=False, resid_pdrop=0.1, scale_attn_by_inverse_layer_idx=False,
                     scale_attn_weights=True, use_cache=True, **SMALL_GPT),
             dict(turned=True, buffers=('bias', 'masked_bias'))),
    'gpt2_positions': (gpt, hf('gpt2', 'GPT2LMHeadModel', activation_function='gelu_new', layer_norm_epsilon=1e-5, n_positions=12,
                               scale_attn_weights=True, **SMALL_GPT), dict(turned=True, given_places=True)),
    'gpt2_layer_scales': (gpt, hf('gpt2', 'GPT2LMHeadModel', activation_function='gelu_new', layer_norm_epsilon=1e-5,
                                  n_positions=12, reorder_and_upcast_attn=True, scale_attn_by_inverse_layer_idx=True,
                                  scale_attn_weights=True, **SMALL_GPT), dict(turned=True)),
    'mingpt': (gpt, dict(model_type='gpt-nano', block_size=12, embd_pdrop=0.1, resid_pdrop=0.1, attn_pdrop=0.1, **SMALL_GPT),
               dict(prefix='transformer.', buffers=('bias',), head='lm_head.weight', tied=False)),
    'nanogpt': (gpt, dict(block_size=12, bias=False, dropout=0.0, **SMALL_GPT),
                dict(prefix='_orig_mod.transformer.', activation=gelu, bias=False, head='_orig_mod.lm_head.weight')),
    'bert': (bert, bert_config('bert', 'BertForSequenceClassification', layer_norm_eps=1e-12, max_position_embeddings=12,
                               pad_token_id=0, type_vocab_size=2),
             dict(spare=[('bert.pooler.dense', 16, 16), ('classifier', 2, 16)])),
    'roberta': (bert, bert_config('roberta', 'RobertaForSequenceClassification', bos_token_id=0, eos_token_id=2,
                                  layer_norm_eps=1e-5, max_position_embeddings=14, pad_token_id=1, type_vocab_size=1),
                dict(first_place=2, spare=[('classifier.dense', 16, 16), ('classifier.out_proj', 2, 16)])),
    'bert_segments': (bert, bert_config('bert', 'BertModel', layer_norm_eps=1e-12, max_position_embeddings=12, pad_token_id=0,
                                        type_vocab_size=2), dict(segments=True)),
    'roberta_padded': (bert, bert_config('roberta', 'RobertaModel', bos_token_id=0, eos_token_id=2, layer_norm_eps=1e-5,
                                         max_position_embeddings=14, pad_token_id=1, type_vocab_size=1), dict(padding=1)),
    'distilbert': (distilbert, hf('distilbert', 'DistilBertForSequenceClassification', activation='gelu', attention_dropout=0.1,
                                  dim=16, dropout=0.1, hidden_dim=28, initializer_range=0.02, max_position_embeddings=12,
                                  n_heads=4, n_layers=2, pad_token_id=0, qa_dropout=0.1, seq_classif_dropout=0.2,
                                  sinusoidal_pos_embds=False, tie_weights_=True, vocab_size=21), {}),
    'vit': (vit, hf('vit', 'ViTForImageClassification', attention_probs_dropout_prob=0.0, encoder_stride=16, hidden_act='gelu',
                    hidden_dropout_prob=0.0, hidden_size=16, image_size=6, initializer_range=0.02, intermediate_size=28,
                    layer_norm_eps=1e-12, num_attention_heads=4, num_channels=3, num_hidden_layers=2, patch_size=2,
                    qkv_bias=True), {}),
    'vit5': (vit, dict(hf('vit', 'ViTModel', attention_probs_dropout_prob=0.0, encoder_stride=16, hidden_act='gelu',
                          hidden_dropout_prob=0.0, hidden_size=16, image_size=6, initializer_range=0.02, intermediate_size=28,
                          layer_norm_eps=1e-12, num_attention_heads=4, num_channels=3, num_hidden_layers=2, patch_size=2,
                          qkv_bias=True), transformers_version='5.0.0'), dict(names=VIT5)),
    'timm': (timm, dict(architecture='vit_tiny_patch16_224', num_classes=3, num_features=16, num_heads=4), {}),
    't5': (t5, t5_config(dense_act_fn='relu', feed_forward_proj='relu', is_gated_act=False, n_positions=512), {}),
    't5_gated': (t5, t5_config(dense_act_fn='gelu_new', feed_forward_proj='gated-gelu', is_gated_act=True,
                               tie_word_embeddings=False), {}),
    'umt5': (t5, t5_config('umt5', 'UMT5EncoderModel', dense_act_fn='gelu_new', feed_forward_proj='gated-gelu',
                           is_gated_act=True, tie_word_embeddings=True), dict(own_tables=True)),
    'llama': (llama, llama_config(), {}),
    'llama_linear': (llama, llama_config({'type': 'linear', 'factor': 2.5}), {}),
    'llama_dynamic': (llama, llama_config({'type': 'dynamic', 'factor': 3.0}, max_position_embeddings=6), {}),
    'llama_yarn': (llama, llama_config({'rope_type': 'yarn', 'factor': 4.0, 'original_max_position_embeddings': 4096},
                                       hidden_size=32, max_position_embeddings=16384, rope_theta=500000.0), {}),
    'llama_llama3': (llama, newer(llama_config(
        {'rope_type': 'llama3', 'factor': 8.0, 'high_freq_factor': 4.0, 'low_freq_factor': 1.0,
         'original_max_position_embeddings': 256}, head_dim=8, max_position_embeddings=2048, rope_theta=500000.0)), {}),
    'mistral': (llama, decoder_config('mistral', 'MistralForCausalLM', head_dim=None, rms_norm_eps=1e-5, sliding_window=3,
                                      tie_word_embeddings=False), dict(windows=(3, 3))),
    'qwen2': (llama, decoder_config('qwen2', 'Qwen2ForCausalLM', max_window_layers=1, rope_scaling=None, rope_theta=1000000.0,
                                    sliding_window=3, tie_word_embeddings=True, use_sliding_window=False),
              dict(qkv_bias=True)),
    'qwen3': (llama, decoder_config('qwen3', 'Qwen3ForCausalLM', attention_bias=False, head_dim=8, max_window_layers=2,
                                    rope_scaling=None, rope_theta=1000000.0, sliding_window=None, tie_word_embeddings=False,
                                    use_sliding_window=False), dict(qk_norm=True)),
    'gemma': (llama, decoder_config('gemma', 'GemmaForCausalLM', attention_bias=False, head_dim=8,
                                    hidden_act='gelu_pytorch_tanh', hidden_activation=None, hidden_size=24,
                                    num_key_value_heads=1, pad_token_id=0),
              dict(gemma=True)),
    'gemma2': (llama, decoder_config('gemma2', 'Gemma2ForCausalLM', attention_bias=False, attn_logit_softcapping=2.0,
                                     cache_implementation='hybrid', final_logit_softcapping=1.5, head_dim=8,
                                     hidden_act='gelu_pytorch_tanh', hidden_activation='gelu_pytorch_tanh', hidden_size=24,
                                     num_hidden_layers=3, pad_token_id=0, query_pre_attn_scalar=6, sliding_window=3),
               dict(gemma=True, windows=(3, None, 3), order='sandwich',
                    norms=('input_layernorm', 'post_attention_layernorm',
                           'pre_feedforward_layernorm', 'post_feedforward_layernorm'))),
    'gemma3': (llama, decoder_config('gemma3_text', 'Gemma3ForCausalLM', attention_bias=False, attn_logit_softcapping=None,
                                     cache_implementation='hybrid', final_logit_softcapping=None, head_dim=8,
                                     hidden_activation='gelu_pytorch_tanh', hidden_act='gelu_pytorch_tanh', hidden_size=24,
                                     num_hidden_layers=3, pad_token_id=0, query_pre_attn_scalar=6, rope_local_base_freq=100.0,
                                     rope_scaling={'rope_type': 'linear', 'factor': 8.0}, rope_theta=1000000.0,
                                     sliding_window=4, sliding_window_pattern=3),
               dict(gemma=True, qk_norm=True, windows=(4, 4, None), order='sandwich',
                    norms=('input_layernorm', 'post_attention_layernorm',
                           'pre_feedforward_layernorm', 'post_feedforward_layernorm'))),
    'smollm3': (llama, decoder_config('smollm3', 'SmolLM3ForCausalLM', attention_bias=False, max_window_layers=28,
                                      mlp_bias=False, no_rope_layer_interval=2, no_rope_layers=[1, 0, 1], num_hidden_layers=3,
                                      pretraining_tp=2, rope_scaling=None, rope_theta=2000000.0, sliding_window=None,
                                      tie_word_embeddings=True, use_sliding_window=False),
                dict(turned=(True, False, True))),
    'gpt_oss': (llama, decoder_config('gpt_oss', 'GptOssForCausalLM', attention_bias=True, head_dim=8,
                                      initial_context_length=4096, layer_types=['sliding_attention', 'full_attention'],
                                      num_experts_per_tok=2, num_local_experts=2, rms_norm_eps=1e-5,
                                      rope_scaling={'beta_fast': 32.0, 'beta_slow': 1.0, 'factor': 4.0, 'rope_type': 'yarn',
                                                    'original_max_position_embeddings': 32, 'truncate': False},
                                      max_position_embeddings=128, rope_theta=150000.0, sliding_window=3, swiglu_limit=7.0,
                                      tie_word_embeddings=False),
                dict(qkv_bias=True, sinks=True, windows=(3, None), experts=True)),
    'phi': (phi, hf('phi', 'PhiForCausalLM', attention_dropout=0.0, bos_token_id=None, embd_pdrop=0.0, eos_token_id=None,
                    hidden_act='gelu_new', hidden_size=32, initializer_range=0.02, intermediate_size=44, layer_norm_eps=1e-5,
                    max_position_embeddings=32, num_attention_heads=4, num_hidden_layers=2, num_key_value_heads=4,
                    partial_rotary_factor=0.5, qk_layernorm=False, resid_pdrop=0.0, rope_scaling=None, rope_theta=10000.0,
                    tie_word_embeddings=False, use_cache=True, vocab_size=21), {}),
    'phi3': (llama, decoder_config('phi3', 'Phi3ForCausalLM', attention_bias=False, embd_pdrop=0.0,
                                   original_max_position_embeddings=32, pad_token_id=0, partial_rotary_factor=1.0,
                                   resid_pdrop=0.0, rms_norm_eps=1e-5, rope_scaling=None, sliding_window=2047,
                                   tie_word_embeddings=False),
             dict(fused=True)),
    'gpt_neox': (gpt_neox, neox_config(rotary_pct=0.25, use_parallel_residual=True), {}),
    'gpt_neox_sequential': (gpt_neox, neox_config(rotary_pct=0.5, use_parallel_residual=False), {}),
    'torch_attention': (torch_attention, dict(num_heads=4), {}),
    'torch_encoder': (torch_encoder, dict(nhead=4), {}),
    'torch_encoder_prenorm': (torch_encoder, dict(nhead=4, norm_first=True, activation='gelu'), {}),
    'transformer_lens': (transformer_lens, lens_config(normalization_type='LN'), {}),
    'transformer_lens_folded': (transformer_lens, lens_config(normalization_type='LNPre'), {}),
}


def write(model):
    """The folder of one family: inputs, checkpoint, config, and in expected/ what the layers gave."""
    expected = {**model.expected, 'weights': torch.stack(model.weights)}
    if model.hidden:
        expected['hidden'] = torch.stack(model.hidden)
    assert all(torch.isfinite(a).all() for a in expected.values())
    sums = expected['weights'].sum(-1)
    has_sinks = any(name.endswith('sinks') for name in model.tensors)
    assert (sums < 1).all() if has_sinks else (sums - 1).abs().max() < 1e-12
    folder = os.path.join(GOLDEN, 'models', model.family)
    shutil.rmtree(folder, ignore_errors=True)
    save(folder, **model.inputs)
    save(os.path.join(folder, 'expected'), **{name: a.detach().numpy() for name, a in expected.items()})
    save_state_dict(model.tensors, os.path.join(folder, 'model.safetensors'))
    with open(os.path.join(folder, 'config.json'), 'w') as file:
        json.dump(model.config, file, indent=2, sort_keys=True)
        file.write('\n')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--only', choices=FAMILIES)
    options = parser.parse_args()
    torch.set_num_threads(1)  # the same sums in the same order on every machine
    for family, (architecture, config, more) in FAMILIES.items():
        if options.only in (None, family):
            model = Model(family, config)
            architecture(model, **more)
            write(model)
            print('wrote', os.path.join('tests', 'golden', 'models', family))
