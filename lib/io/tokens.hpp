// Token labels from a file.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/container.hpp"

namespace attn::io {

// The labels at FILE[:KEY], one list a sequence. Labels are texts, whole numbers (token ids, which
// are then their own labels), or JSON objects with a text in them ({"id": 464, "text": "The"}); as
// a list, or as a list for each sequence; in JSON, NPY, NPZ, safetensors or a folder of them. A
// file of many entries gives its only labels, or those called "tokens". Anything else is plain text
// with one token a line (only the line end is taken off). Throws Error for a file without labels,
// and for text that is not UTF-8.
std::vector<std::vector<std::string>> load_tokens(const std::string& array_name);

// The labels of an open container by key, as load_tokens gives them, but only texts: numbers may be
// anything, and lists in the config.json beside a file are no labels.
std::map<std::string, std::vector<std::vector<std::string>>> labels_in(const Container& container);

}  // namespace attn::io
