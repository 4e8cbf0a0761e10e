// What an approximation of one head gives: the keys that rows keep, two factors of the weights,
// other queries, keys and values, or the order in which heads are dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "attention/approx/head_input.hpp"
#include "attention/approx/options.hpp"
#include "core/matrix.hpp"
#include "core/span.hpp"

namespace attn::approx {

// Keep rows. The runner masks, renormalises and measures; what `keep` says of keys that the row may
// not attend does not matter.
class KeptKeys {
  public:
    virtual ~KeptKeys() = default;

    // Keys outside of it are not kept; rows of masks and caches look at no more. Default: all.
    virtual KeyRange range(std::size_t /*query*/, KeyRange allowed) const { return allowed; }

    // Whether all that a row may attend is kept; then nobody asks which.
    virtual bool keeps_all() const { return false; }

    // So many of the largest weights of a row decide; Row::largest may have them ready.
    virtual std::size_t largest_wanted() const { return 0; }

    // Sets keep[j - keys.begin] to 1 for the keys of `row` that are kept and to 0 for the others,
    // for j in `keys`, which lies in range(). Called from several threads at once.
    virtual void keep(const ExactRows::Row& row, KeyRange keys, std::uint8_t* keep) const = 0;

    // Soft masks: what each kept weight is multiplied by before rows are renormalised.
    virtual bool is_soft() const { return false; }
    virtual double factor(std::size_t /*query*/, std::size_t /*key*/) const { return 1; }

    // Rows before it are not measured (eviction).
    virtual std::size_t first_measured() const { return 0; }

    // The part of the cost that depends on the data (APPROX section 4): pairs of page bounds or
    // blocks that were scored, allowed cells of observed rows, cells inside blocks.
    virtual std::size_t scored() const { return 0; }
    virtual std::size_t scored_last() const { return 0; }  // of the last row
};

// The implied weights are left [queries, r] times right [r, keys].
struct Factors {
    Matrix<double> left;
    Matrix<double> right;
    bool masked = true;      // cells that may not be attended become 0
    bool normalised = true;  // then each row is divided by its sum; a sum of 0 gives a row of zeros
    std::vector<double> singular_values;  // where the method has some
    std::optional<double> residual;       // max abs(B Z B - B), where the method has one
};

// Exact attention of these instead; an empty matrix leaves that input as it is. q and k may have
// another width than before, the same for both; the scale of the scores is the head's.
struct ChangedInputs {
    Matrix<double> q;  // [queries, width]
    Matrix<double> k;  // [keys, width]
    Matrix<double> v;  // [keys, d_value]
};

}  // namespace attn::approx
