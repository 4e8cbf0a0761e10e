#include "attention/product_processor.hpp"

#include <cblas.h>

namespace attn {

std::string product_processor() {
    return openblas_get_corename();
}

}  // namespace attn
