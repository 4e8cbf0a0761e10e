#include "attention/approx/masks.hpp"

#include <algorithm>

#include "core/index_list.hpp"
#include "core/word_list.hpp"

namespace attn::approx {
namespace {

using Position = std::ptrdiff_t;

Position floor_divided(Position a, Position b) {
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

// The part of `range` that lies between two positions, the second one not included.
KeyRange between(KeyRange range, Position begin, Position end) {
    const auto clamp = [&](Position key) {
        return static_cast<std::size_t>(
            std::clamp(key, static_cast<Position>(range.begin), static_cast<Position>(range.end)));
    };
    const KeyRange common{clamp(begin), clamp(end)};
    return common.empty() ? KeyRange{range.begin, range.begin} : common;
}

// A mask of positions: where the query stands is all that a row says.
class PositionMask : public KeptKeys {
  public:
    explicit PositionMask(const HeadInput& head) : sizes_(head.sizes), causal_(head.causal) {}

    void keep(const ExactRows::Row& row, KeyRange keys, std::uint8_t* keep) const override {
        std::fill(keep, keep + keys.size(), std::uint8_t{0});
        mark(sizes_.position(row.query), keys, keep);
    }

  protected:
    // Sets what is kept; all else is 0.
    virtual void mark(Position position, KeyRange keys, std::uint8_t* keep) const = 0;

    Position position(std::size_t query) const { return sizes_.position(query); }
    bool causal() const { return causal_; }

    // Marks the keys from `begin` to before `end`.
    static void mark_range(Position begin, Position end, KeyRange keys, std::uint8_t* keep) {
        const KeyRange marked = between(keys, begin, end);
        std::fill(keep + (marked.begin - keys.begin), keep + (marked.end - keys.begin),
                  std::uint8_t{1});
    }

    // Marks begin, begin + step, … before `end`.
    static void mark_steps(Position begin, Position end, Position step, KeyRange keys,
                           std::uint8_t* keep) {
        const auto first = static_cast<Position>(keys.begin);
        if (begin < first) begin += (first - begin + step - 1) / step * step;
        end = std::min(end, static_cast<Position>(keys.end));
        for (Position key = begin; key < end; key += step) keep[key - first] = 1;
    }

  private:
    Sizes sizes_;
    bool causal_;
};

class AllKeys : public KeptKeys {
  public:
    bool keeps_all() const override { return true; }
    void keep(const ExactRows::Row&, KeyRange keys, std::uint8_t* keep) const override {
        std::fill(keep, keep + keys.size(), std::uint8_t{1});
    }
};

class NoKeys : public KeptKeys {
  public:
    KeyRange range(std::size_t, KeyRange allowed) const override {
        return {allowed.begin, allowed.begin};
    }
    void keep(const ExactRows::Row&, KeyRange keys, std::uint8_t* keep) const override {
        std::fill(keep, keep + keys.size(), std::uint8_t{0});
    }
};

class LocalMask : public PositionMask {
  public:
    LocalMask(const Options& options, const HeadInput& head)
        : PositionMask(head),
          window_(static_cast<Position>(options.whole("window"))),
          sinks_(static_cast<Position>(options.whole("sinks"))),
          dilation_(static_cast<Position>(options.whole("dilation"))) {}

    KeyRange range(std::size_t query, KeyRange allowed) const override {
        const KeyRange window =
            between(allowed, position(query) - reach(), position(query) + reach() + 1);
        return sinks_ > 0 ? KeyRange{allowed.begin, std::max(window.end, head(allowed))} : window;
    }

  protected:
    void mark(Position position, KeyRange keys, std::uint8_t* keep) const override {
        if (dilation_ == 1)
            mark_range(position - reach(), position + reach() + 1, keys, keep);
        else
            mark_steps(position - reach(), position + reach() + 1, dilation_, keys, keep);
        mark_range(0, sinks_, keys, keep);
    }

  private:
    // The farthest key of the window.
    Position reach() const { return (window_ - 1) * dilation_; }
    std::size_t head(KeyRange allowed) const { return between(allowed, 0, sinks_).end; }

    Position window_, sinks_, dilation_;
};

class BlockMask : public PositionMask {
  public:
    BlockMask(const Options& options, const HeadInput& head)
        : PositionMask(head),
          size_(static_cast<Position>(options.whole("size"))),
          back_(static_cast<Position>(options.whole("back"))) {}

    KeyRange range(std::size_t query, KeyRange allowed) const override {
        const Position own = floor_divided(position(query), size_);
        return between(allowed, (own - back_) * size_, (own + 1 + (causal() ? 0 : back_)) * size_);
    }

  protected:
    void mark(Position position, KeyRange keys, std::uint8_t* keep) const override {
        const Position own = floor_divided(position, size_);
        mark_range((own - back_) * size_, (own + 1 + (causal() ? 0 : back_)) * size_, keys, keep);
    }

  private:
    Position size_, back_;
};

class StridedMask : public PositionMask {
  public:
    StridedMask(const Options& options, const HeadInput& head)
        : PositionMask(head), stride_(static_cast<Position>(options.whole("stride"))) {}

  protected:
    void mark(Position position, KeyRange keys, std::uint8_t* keep) const override {
        mark_range(position - stride_ + 1, position + stride_, keys, keep);
        const Position first = position - floor_divided(position, stride_) * stride_;
        mark_steps(first, static_cast<Position>(keys.end), stride_, keys, keep);
    }

  private:
    Position stride_;
};

class FixedMask : public PositionMask {
  public:
    FixedMask(const Options& options, const HeadInput& head)
        : PositionMask(head),
          stride_(static_cast<Position>(options.whole("stride"))),
          columns_(std::min(stride_, static_cast<Position>(options.whole("columns")))) {}

  protected:
    void mark(Position position, KeyRange keys, std::uint8_t* keep) const override {
        const Position own = floor_divided(position, stride_);
        mark_range(own * stride_, (own + 1) * stride_, keys, keep);
        const auto end = static_cast<Position>(keys.end);
        for (Position column = stride_ - columns_; column < stride_; ++column)
            mark_steps(column, end, stride_, keys, keep);
    }

  private:
    Position stride_, columns_;
};

class GlobalMask : public PositionMask {
  public:
    GlobalMask(const Options& options, const HeadInput& head)
        : PositionMask(head), window_(static_cast<Position>(options.whole("window"))) {
        for (const std::string& token : split_at(options.word("tokens"), '+')) {
            for (const std::size_t key : parse_index_list(token, "global: tokens"))
                tokens_.push_back(static_cast<Position>(key));
        }
    }

  protected:
    void mark(Position position, KeyRange keys, std::uint8_t* keep) const override {
        if (std::find(tokens_.begin(), tokens_.end(), position) != tokens_.end()) {
            std::fill(keep, keep + keys.size(), std::uint8_t{1});
            return;
        }
        mark_range(position - window_ + 1, position + window_, keys, keep);
        for (const Position token : tokens_) mark_range(token, token + 1, keys, keep);
    }

  private:
    Position window_;
    std::vector<Position> tokens_;
};

class Either : public KeptKeys {
  public:
    explicit Either(std::vector<std::unique_ptr<KeptKeys>> masks) : masks_(std::move(masks)) {}

    KeyRange range(std::size_t query, KeyRange allowed) const override {
        KeyRange all{allowed.end, allowed.begin};
        for (const auto& mask : masks_) {
            const KeyRange one = mask->range(query, allowed);
            if (one.empty()) continue;
            all = {std::min(all.begin, one.begin), std::max(all.end, one.end)};
        }
        return all.empty() ? KeyRange{allowed.begin, allowed.begin} : all;
    }

    void keep(const ExactRows::Row& row, KeyRange keys, std::uint8_t* keep) const override {
        masks_.front()->keep(row, keys, keep);
        std::vector<std::uint8_t> more(keys.size());
        for (std::size_t i = 1; i < masks_.size(); ++i) {
            masks_[i]->keep(row, keys, more.data());
            for (std::size_t key = 0; key < keys.size(); ++key)
                keep[key] = static_cast<std::uint8_t>(keep[key] | more[key]);
        }
    }

  private:
    std::vector<std::unique_ptr<KeptKeys>> masks_;
};

}  // namespace

std::unique_ptr<KeptKeys> either_of(std::vector<std::unique_ptr<KeptKeys>> masks) {
    return std::make_unique<Either>(std::move(masks));
}
std::unique_ptr<KeptKeys> all_keys(const Options&, const HeadInput&) {
    return std::make_unique<AllKeys>();
}
std::unique_ptr<KeptKeys> no_keys(const Options&, const HeadInput&) {
    return std::make_unique<NoKeys>();
}
std::unique_ptr<KeptKeys> local_mask(const Options& options, const HeadInput& head) {
    return std::make_unique<LocalMask>(options, head);
}
std::unique_ptr<KeptKeys> block_mask(const Options& options, const HeadInput& head) {
    return std::make_unique<BlockMask>(options, head);
}
std::unique_ptr<KeptKeys> strided_mask(const Options& options, const HeadInput& head) {
    return std::make_unique<StridedMask>(options, head);
}
std::unique_ptr<KeptKeys> fixed_mask(const Options& options, const HeadInput& head) {
    return std::make_unique<FixedMask>(options, head);
}
std::unique_ptr<KeptKeys> global_mask(const Options& options, const HeadInput& head) {
    return std::make_unique<GlobalMask>(options, head);
}

}  // namespace attn::approx
