// The processor for which OpenBLAS has chosen its products; their last bits depend on it.
#pragma once

#include <string>

namespace attn {

std::string product_processor();

}  // namespace attn
