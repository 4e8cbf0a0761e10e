// The version of the program, as --version and manifests write it.
#pragma once

namespace attn {

const char* version();  // "0.1.0"

}  // namespace attn
