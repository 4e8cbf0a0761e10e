// Sizes in messages.
#pragma once

#include <cstddef>
#include <string>

namespace attn {

// "12 B", "1.5 GB": decimal units, as disks and `ls --si` count.
std::string human_size(std::size_t bytes);

}  // namespace attn
