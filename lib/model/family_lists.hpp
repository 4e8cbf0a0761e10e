// The lists of config keys of the families, one function each; the defaults are those of the
// family's published configuration class.
#pragma once

#include "model/config_keys.hpp"

namespace attn::model {

// Names that families of one kind share: num_attention_heads, hidden_size …
ConfigKeys hub_sizes();
ConfigKeys grouped_hub_sizes();  // and num_key_value_heads

FamilyConfig native_config();
FamilyConfig gpt2_config();
FamilyConfig mingpt_config();
FamilyConfig nanogpt_config();
FamilyConfig bert_config();
FamilyConfig roberta_config();
FamilyConfig distilbert_config();
FamilyConfig vit_config();
FamilyConfig timm_config();
FamilyConfig t5_config();
FamilyConfig llama_config();
FamilyConfig mistral_config();
FamilyConfig qwen2_config();
FamilyConfig qwen3_config();
FamilyConfig gemma_config();
FamilyConfig gemma2_config();
FamilyConfig gemma3_config();
FamilyConfig gpt_oss_config();
FamilyConfig phi_config();
FamilyConfig phi3_config();
FamilyConfig gpt_neox_config();
FamilyConfig torch_attention_config();
FamilyConfig torch_encoder_config();
FamilyConfig transformer_lens_config();

}  // namespace attn::model
