// Products and decompositions of xtensor's matrices, for sources only, as core/xtensor.hpp. Brings
// declarations of BLAS that clash with those of cblas.h.
#pragma once

#include <xtensor-blas/xlinalg.hpp>

#include "core/xtensor.hpp"
