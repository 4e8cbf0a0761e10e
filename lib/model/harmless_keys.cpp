// Keys of configuration classes in general, which change no family's result: tokens, generation,
// training, files, task heads.
#include <algorithm>
#include <iterator>

#include "core/affix.hpp"
#include "model/config_keys.hpp"
#include "model/dotted_name.hpp"

namespace attn::model {
namespace {

constexpr const char* kHarmless[]{"architectures",
                                  "architecture",
                                  "model_type",
                                  "model_name",
                                  "torch_dtype",
                                  "dtype",
                                  "transformers_version",
                                  "tokenizer_class",
                                  "tokenizer_name",
                                  "use_cache",
                                  "cache_implementation",
                                  "use_bfloat16",
                                  "torchscript",
                                  "tf_legacy_loss",
                                  "return_dict",
                                  "return_dict_in_generate",
                                  "output_attentions",
                                  "output_hidden_states",
                                  "output_scores",
                                  "output_past",
                                  "gradient_checkpointing",
                                  "use_gradient_checkpointing",
                                  "chunk_size_feed_forward",
                                  "cross_attention_hidden_size",
                                  "tie_encoder_decoder",
                                  "is_encoder_decoder",
                                  "tie_weights_",
                                  "max_position_embeddings",
                                  "original_max_position_embeddings",
                                  "n_positions",
                                  "n_ctx",
                                  "block_size",
                                  "max_seq_len",
                                  "max_seq_length",
                                  "max_sequence_length",
                                  "seq_length",
                                  "model_max_length",
                                  "max_length",
                                  "min_length",
                                  "type_vocab_size",
                                  "do_sample",
                                  "early_stopping",
                                  "num_beams",
                                  "num_beam_groups",
                                  "diversity_penalty",
                                  "temperature",
                                  "top_k",
                                  "top_p",
                                  "typical_p",
                                  "repetition_penalty",
                                  "length_penalty",
                                  "no_repeat_ngram_size",
                                  "encoder_no_repeat_ngram_size",
                                  "bad_words_ids",
                                  "num_return_sequences",
                                  "remove_invalid_values",
                                  "exponential_decay_length_penalty",
                                  "suppress_tokens",
                                  "begin_suppress_tokens",
                                  "finetuning_task",
                                  "num_labels",
                                  "prefix",
                                  "problem_type",
                                  "num_image_tokens",
                                  "tokens",
                                  "words",
                                  "labels",
                                  "name",
                                  "description",
                                  "comment",
                                  "version",
                                  "pretraining_tp",
                                  "is_llama_config",
                                  "attention_bias",
                                  "mlp_bias",
                                  "qkv_bias",
                                  "bias",
                                  "use_bias",
                                  "unsloth_version",
                                  "device",
                                  "seed",
                                  "ignore_index",
                                  "reorder_and_upcast_attn",
                                  "attn_implementation",
                                  "tie_word_embeddings",
                                  "directionality",
                                  "language",
                                  "vocab_file",
                                  "auto_map",
                                  "image_size",
                                  "patch_size",
                                  "num_channels",
                                  "encoder_stride",
                                  "attention_softmax_in_fp32",
                                  "layer_norm_in_fp32"};

constexpr const char* kHarmlessStarts[]{"_",
                                        "id2label/",
                                        "label2id/",
                                        "task_specific_params/",
                                        "auto_map/",
                                        "pooler_",
                                        "summary_",
                                        "quantization_config",
                                        "generation_config/",
                                        "transformers.js",
                                        "pretrained_cfg"};

constexpr const char* kHarmlessParts[]{
    "dropout", "pdrop", "drop_rate", "drop_path",   "layerdrop",  "token_id", "token_index",
    "flash",   "sdpa",  "xformers",  "initializer", "checkpoint", "loss",     "memory_efficient"};

template <std::size_t N, class Test>
bool any_of(const char* const (&list)[N], const std::string& name, const Test& test) {
    return std::any_of(std::begin(list), std::end(list),
                       [&](const char* one) { return test(name, one); });
}

bool same(const std::string& a, const std::string& b) {
    return a == b;
}

}  // namespace

bool is_harmless_key(const std::string& name) {
    return any_of(kHarmless, name, same) || any_of(kHarmlessStarts, name, starts_with) ||
           any_of(kHarmlessParts, name, contains);
}

}  // namespace attn::model
