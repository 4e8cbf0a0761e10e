#include "attention/approx/mask_cells.hpp"

#include <algorithm>
#include <memory>
#include <numeric>

#include "attention/approx/masks.hpp"
#include "core/parallel.hpp"

namespace attn::approx {
namespace {

constexpr std::uint64_t kLongest = std::uint64_t{1} << 24;

std::uint64_t all_cells(std::uint64_t n, bool causal) {
    return causal ? n * (n + 1) / 2 : n * n;
}

// Σ over p < n of min(p / step + 1, window): what rows keep of the keys up to theirs.
std::uint64_t backward_cells(std::uint64_t n, std::uint64_t window, std::uint64_t step) {
    std::uint64_t sum = 0;
    // `step` rows at a time have the same count, until all of the window is there.
    const std::uint64_t whole = n / step, rest = n % step;
    const std::uint64_t rising = std::min(whole, window);
    sum += step * (rising * (rising + 1) / 2 + (whole - rising) * window);
    return sum + rest * std::min(whole + 1, window);
}

// Cells of a mask that is asked row by row.
std::uint64_t counted_cells(const KeptKeys& mask, std::uint64_t n, bool causal) {
    std::vector<std::uint64_t> rows(n);
    parallel_for(n, [&](std::size_t row) {
        ExactRows::Row asked;
        asked.query = row;
        asked.allowed = {0, causal ? row + 1 : static_cast<std::size_t>(n)};
        const KeyRange range = mask.range(row, asked.allowed);
        std::vector<std::uint8_t> keep(range.size());
        mask.keep(asked, range, keep.data());
        rows[row] = std::accumulate(keep.begin(), keep.end(), std::uint64_t{0});
    });
    return std::accumulate(rows.begin(), rows.end(), std::uint64_t{0});
}

class CostOfLength {
  public:
    CostOfLength(const std::vector<MethodUse>& parts, const Sizes& widths, bool causal)
        : parts_(parts), widths_(widths), causal_(causal) {}

    // Whether the method takes less than exact attention of n queries and keys.
    bool pays(std::uint64_t n) const {
        CostInputs inputs;
        inputs.sizes = widths_;
        inputs.sizes.queries = inputs.sizes.keys = n;
        inputs.sizes.offset = 0;
        inputs.causal = causal_;
        inputs.cells = all_cells(n, causal_);
        inputs.kept_cells = parts_.front().row->kept_keys ? kept(inputs) : inputs.cells;
        inputs.allowed_last = inputs.kept_last = n;
        const Cost cost = parts_.size() > 1
                              ? sparse_cost(inputs)
                              : parts_.front().row->cost(*parts_.front().options, inputs);
        return cost.flops < exact_cost(inputs).flops;
    }

    // Masks that keep everything of so many tokens always do: no option is larger.
    std::uint64_t longest() const {
        if (!parts_.front().row->kept_keys || is_local()) return kLongest;
        double largest = 64;
        for (const MethodUse& part : parts_) {
            double sum = 1;
            for (const OptionRow& option : part.row->options) {
                if (option.kind == OptionKind::whole && option.name != "seed")
                    sum = option.name == "block" ? sum : sum + part.options->real(option.name);
            }
            const double block = part.options->has("block") ? part.options->real("block") : 1;
            largest = std::max(largest, 2 * block * sum);
        }
        return static_cast<std::uint64_t>(
            std::min(2 * largest, static_cast<double>(std::uint64_t{1} << 16)));
    }

  private:
    bool is_local() const { return parts_.size() == 1 && parts_.front().row->name == "local"; }

    std::uint64_t kept(const CostInputs& inputs) const {
        const std::uint64_t n = inputs.sizes.queries;
        if (is_local()) return local_cells(*parts_.front().options, n, causal_);
        HeadInput head;
        head.sizes = inputs.sizes;
        head.causal = head.masked = causal_;
        std::vector<std::unique_ptr<KeptKeys>> masks;
        for (const MethodUse& part : parts_)
            masks.push_back(part.row->kept_keys(*part.options, head));
        return counted_cells(*either_of(std::move(masks)), n, causal_);
    }

    const std::vector<MethodUse>& parts_;
    Sizes widths_;
    bool causal_;
};

bool looks_at_data(const MethodRow& row) {
    const bool masks = row.group == Group::masks && row.reads == Reads::positions;
    return !masks && row.group != Group::factorisations && row.group != Group::kernels;
}

}  // namespace

std::uint64_t local_cells(const Options& options, std::uint64_t n, bool causal) {
    const std::uint64_t window = options.whole("window"), step = options.whole("dilation");
    const std::uint64_t sinks = std::min<std::uint64_t>(n, options.whole("sinks"));
    const std::uint64_t backward = backward_cells(n, window, step);
    std::uint64_t cells = causal ? backward : 2 * backward - n;
    // Each sink is seen by those rows, too, that do not have it in their window.
    for (std::uint64_t key = 0; key < sinks; ++key) {
        const std::uint64_t behind = std::min(window, (n - 1 - key) / step + 1);
        const std::uint64_t before = causal ? 0 : std::min(window - 1, key / step);
        cells += (causal ? n - key : n) - behind - before;
    }
    return cells;
}

std::optional<std::uint64_t> pays_from(const std::vector<MethodUse>& parts, const Sizes& widths,
                                       bool causal) {
    for (const MethodUse& part : parts) {
        if (looks_at_data(*part.row) || !part.row->cost) return std::nullopt;
    }
    const CostOfLength cost(parts, widths, causal);
    const std::uint64_t longest = cost.longest();
    std::uint64_t high = 1;
    while (high <= longest && !cost.pays(high)) high *= 2;
    if (high > longest) return std::nullopt;
    std::uint64_t low = high / 2;  // does not pay
    while (high - low > 1) {
        const std::uint64_t middle = low + (high - low) / 2;
        (cost.pays(middle) ? high : low) = middle;
    }
    return high;
}

}  // namespace attn::approx
