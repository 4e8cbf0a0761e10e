#include "analysis/agreement.hpp"

#include <algorithm>

#include "analysis/closeness.hpp"

namespace attn::analysis {
namespace {

std::string list(const std::string& name, const std::vector<std::size_t>& numbers) {
    std::string text = name + (numbers.size() > 1 ? "s " : " ");
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (i > 0) text += i + 1 == numbers.size() ? " and " : ", ";
        text += std::to_string(numbers[i]);
    }
    return text;
}

}  // namespace

std::string text_of(const Differing& differing) {
    const bool heads = differing.heads.size() < differing.all_heads;
    const bool sequences = differing.sequences.size() < differing.all_sequences;
    std::string text = heads ? list("head", differing.heads) : "";
    if (sequences) text += (heads ? " of " : "") + list("sequence", differing.sequences);
    return text;
}

Agreement::Agreement(const Extents& extents, Observed kind, double unit, Rounding saved)
    : extents_(extents),
      kind_(kind),
      unit_(unit),
      saved_(saved),
      items_(extents.batch * extents.heads) {}

void Agreement::add(const Piece& piece, const Faced& faced) {
    const bool is_output = kind_ == Observed::output;
    const std::size_t heads = is_output ? 1 : piece.heads.size();
    const std::size_t count = faced.seen.size() / std::max<std::size_t>(1, heads);
    const bool rounds = saved_ != Rounding::none;
    for (std::size_t place = 0; place < heads && count > 0; ++place) {
        const std::size_t head = is_output ? 0 : piece.heads[place];
        Item item = items_[piece.sequence * extents_.heads + head];
        for (std::size_t i = place * count; i < (place + 1) * count; ++i) {
            const double expected = faced.expected[i], seen = faced.seen[i];
            const double apart = distance(rounds ? round_to(saved_, expected) : expected, seen);
            item.worst = std::max(item.worst, apart);
            // Zero is zero in any precision.
            const bool leaks = kind_ == Observed::weights && expected == 0 && seen != 0;
            const double step = rounds ? step_of(saved_, expected) : 0;
            if (leaks || apart > kExact * unit_ + step) item.differs = true;
        }
        items_[piece.sequence * extents_.heads + head] = item;
    }
}

Differing Agreement::differing() const {
    Differing result;
    result.all_sequences = extents_.batch;
    result.all_heads = extents_.heads;
    const bool is_output = kind_ == Observed::output;
    const auto differs = [&](std::size_t sequence, std::size_t head) {
        return items_[sequence * extents_.heads + (is_output ? 0 : head)].differs;
    };
    for (std::size_t sequence = 0; sequence < extents_.batch; ++sequence) {
        bool any = false;
        for (std::size_t head = 0; head < extents_.heads; ++head)
            any = any || differs(sequence, head);
        if (any) result.sequences.push_back(sequence);
    }
    for (std::size_t head = 0; head < extents_.heads; ++head) {
        bool any = false;
        for (std::size_t sequence = 0; sequence < extents_.batch; ++sequence)
            any = any || differs(sequence, head);
        if (any) result.heads.push_back(head);
    }
    for (const Item& item : items_) {
        if (!item.differs) result.others = std::max(result.others, item.worst / unit_);
    }
    return result;
}

}  // namespace attn::analysis
