// Where a mistake can be read about: papers, and documentation by the name of what it documents.
#pragma once

namespace attn::analysis::reading {

// The papers.
inline constexpr const char* kAttention =
    "Vaswani et al. 2017, Attention Is All You Need, section 3.2.1";
inline constexpr const char* kHeads =
    "Vaswani et al. 2017, Attention Is All You Need, section 3.2.2";
inline constexpr const char* kCausal =
    "Vaswani et al. 2017, Attention Is All You Need, section 3.2.3";
inline constexpr const char* kResidual =
    "Vaswani et al. 2017, Attention Is All You Need, section 3.1";
inline constexpr const char* kNormInFront =
    "Xiong et al. 2020, On Layer Normalization in the Transformer Architecture";
inline constexpr const char* kRmsNorm =
    "Zhang and Sennrich 2019, Root Mean Square Layer Normalization";
inline constexpr const char* kHeadNorms =
    "Henry et al. 2020, Query-Key Normalization for Transformers";
inline constexpr const char* kGroups = "Ainslie et al. 2023, GQA; torch.repeat_interleave";
inline constexpr const char* kRotary = "Su et al. 2021, RoFormer, section 3.2";
inline constexpr const char* kRotaryCode = "Su et al. 2021, RoFormer, section 3.4.2";
inline constexpr const char* kStretch =
    "Chen et al. 2023, Positional Interpolation; Peng et al. 2023, YaRN";
inline constexpr const char* kSoftcap = "Gemma Team 2024, Gemma 2, logit soft-capping";
inline constexpr const char* kWindow =
    "Beltagy et al. 2020, Longformer, section 3.1; Jiang et al. 2023, Mistral 7B, section 2";
inline constexpr const char* kAlibi =
    "Press et al. 2022, Train Short, Test Long: Attention with Linear Biases, section 3";
inline constexpr const char* kRelative =
    "Raffel et al. 2020, T5, section 2.1; modeling_t5.py, _relative_position_bucket";
inline constexpr const char* kSinks =
    "Xiao et al. 2023, Efficient Streaming Language Models with Attention Sinks; "
    "modeling_gpt_oss.py, eager_attention_forward";
inline constexpr const char* kTopKeys =
    "torch.topk; Gupta et al. 2021, Memory-efficient Transformers via Top-k Attention";
inline constexpr const char* kQuantised = "Liu et al. 2024, KIVI; Transformers, QuantizedCache";

// PyTorch's documentation.
inline constexpr const char* kLinear = "torch.nn.Linear";
inline constexpr const char* kMultihead = "torch.nn.MultiheadAttention";
inline constexpr const char* kPaddingMask = "torch.nn.MultiheadAttention, key_padding_mask";
inline constexpr const char* kAveraged = "torch.nn.MultiheadAttention, average_attn_weights";
inline constexpr const char* kView = "torch.Tensor.view, torch.transpose";
inline constexpr const char* kLayerNorm = "torch.nn.LayerNorm, eps; torch.nn.RMSNorm, eps";
inline constexpr const char* kScale =
    "Vaswani et al. 2017, Attention Is All You Need, section 3.2.1; "
    "torch.nn.functional.scaled_dot_product_attention, scale";
inline constexpr const char* kIsCausal =
    "torch.nn.functional.scaled_dot_product_attention, is_causal";
inline constexpr const char* kMask = "torch.nn.functional.scaled_dot_product_attention, attn_mask";
inline constexpr const char* kDropout =
    "torch.nn.functional.scaled_dot_product_attention, dropout_p; torch.nn.Module.eval";
inline constexpr const char* kAlignment =
    "torch.nn.attention.bias, causal_upper_left and causal_lower_right";
inline constexpr const char* kTriangles = "torch.tril, torch.triu: diagonal";
inline constexpr const char* kFill = "torch.Tensor.masked_fill, torch.finfo";
inline constexpr const char* kSoftmax = "torch.nn.functional.softmax, dim";
inline constexpr const char* kLogSoftmax = "torch.nn.functional.log_softmax";
inline constexpr const char* kAutocast =
    "PyTorch's notes, Numerical accuracy; torch.amp, ops that autocast to float32";

// The code that the models run with, and its documentation.
inline constexpr const char* kCache = "Transformers, Caching: DynamicCache, cache_position";
inline constexpr const char* kBeams = "Transformers, Caching: reorder_cache";
inline constexpr const char* kFused = "modeling_gpt2.py of Transformers, GPT2Attention: c_attn";
inline constexpr const char* kGemmaNorm = "modeling_gemma.py of Transformers, GemmaRMSNorm";
inline constexpr const char* kRotateHalf =
    "modeling_llama.py of Transformers, rotate_half; Su et al. 2021, RoFormer, section 3.4.2";
inline constexpr const char* kPairs =
    "rotate_half in modeling_llama.py and rotate_every_two in modeling_gptj.py of Transformers";
inline constexpr const char* kPermute = "convert_llama_weights_to_hf.py of Transformers, permute";
inline constexpr const char* kRotaryPart =
    "modeling_gpt_neox.py of Transformers: rotary_pct, partial_rotary_factor";
inline constexpr const char* kTheta =
    "Su et al. 2021, RoFormer, section 3.2.2; Transformers, LlamaConfig: rope_theta";
inline constexpr const char* kOwnScale =
    "modeling_t5.py of Transformers, T5Attention; Gemma2Config, query_pre_attn_scalar";
inline constexpr const char* kPadding = "Transformers, Glossary: attention mask";
inline constexpr const char* kPaddingSide = "Transformers, tokenizer.padding_side";
inline constexpr const char* kLayerTables =
    "modeling_umt5.py of Transformers, has_relative_attention_bias";
inline constexpr const char* kHidden = "Transformers, BaseModelOutput: attentions, hidden_states";
inline constexpr const char* kUnattended =
    "modeling_attn_mask_utils.py of Transformers, _unmask_unattended";
inline constexpr const char* kCheckpoint = "torch.nn.Module.load_state_dict";

}  // namespace attn::analysis::reading
