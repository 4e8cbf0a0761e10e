#include "core/mapped_range.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace attn {
namespace {

struct Alive {
    std::mutex mutex;
    std::vector<const MappedRange*> ranges;
};

// Never destroyed: the watcher may look at it while the process ends.
Alive& alive() {
    static auto* all = new Alive;
    return *all;
}

}  // namespace

MappedRange::MappedRange(std::string path, const void* begin, std::size_t size, FilePlace place)
    : path_(std::move(path)),
      place_(std::move(place)),
      begin_(static_cast<const std::byte*>(begin)),
      size_(size) {
    const std::lock_guard<std::mutex> lock(alive().mutex);
    alive().ranges.push_back(this);
}

MappedRange::~MappedRange() {
    const std::lock_guard<std::mutex> lock(alive().mutex);
    std::vector<const MappedRange*>& ranges = alive().ranges;
    ranges.erase(std::remove(ranges.begin(), ranges.end(), this), ranges.end());
}

bool MappedRange::holds(const void* address) const {
    const std::less<> before;  // defined for addresses of different objects too
    const auto* byte = static_cast<const std::byte*>(address);
    return !before(byte, begin_) && before(byte, begin_ + size_);
}

std::optional<MappedPlace> find_mapped(const void* address) {
    const std::lock_guard<std::mutex> lock(alive().mutex);
    for (const MappedRange* range : alive().ranges) {
        if (range->holds(address) && !range->place().path.empty())
            return MappedPlace{range->place(), range->begin()};
    }
    return std::nullopt;
}

std::string explain_unreadable(const void* address) {
    const std::lock_guard<std::mutex> lock(alive().mutex);
    for (const MappedRange* range : alive().ranges) {
        if (!range->holds(address)) continue;
        struct stat now {};
        const bool shorter = ::stat(range->path().c_str(), &now) == 0 &&
                             static_cast<std::size_t>(now.st_size) < range->size();
        if (!shorter) return range->path() + ": cannot be read any more (SIGBUS)";
        return range->path() + ": became shorter while it was read (" +
               std::to_string(range->size()) + " bytes before, " + std::to_string(now.st_size) +
               " now); read it when nobody writes it";
    }
    return "a file that was being read cannot be read any more (SIGBUS)";
}

}  // namespace attn
