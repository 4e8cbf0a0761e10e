// Tokens as people read them: without the marks by which tokenisers tell words apart.
#pragma once

#include <string>
#include <vector>

namespace attn::render {

// Each token without the mark of a beginning word ("Ġthe", "▁the") or of a word that goes on
// ("##ing", "in</w>"); a blank alone is ␣, a line break ("Ċ", "<0x0A>") ↵, a tab ⇥. Where a mark
// says that the tokens are bytes (GPT-2's alphabet), "cafÃ©" becomes "café" if that is UTF-8.
std::vector<std::string> clean_tokens(const std::vector<std::string>& tokens);

}  // namespace attn::render
