#include "attention/divided_rows.hpp"

#include <algorithm>
#include <cstring>

#include "core/divide_up.hpp"

namespace attn {

template <class T>
Array<T> divide_rows(const Communicator& ranks, std::size_t rows,
                     const std::function<Array<T>(std::size_t, std::size_t)>& make,
                     std::size_t block) {
    if (rows == 0) return make(0, 0).reshaped({0, make(0, 0).extent(2)});
    const std::size_t blocks = divide_up(rows, block);
    const auto start = [&](std::size_t rank) {
        return std::min(rows, rank * blocks / ranks.size() * block);
    };
    const std::size_t first = start(ranks.rank());
    const std::size_t count = start(ranks.rank() + 1) - first;
    const Array<T> own = count > 0 ? make(first, count) : Array<T>();
    if (ranks.is_alone()) return own.reshaped({rows, own.extent(2)});
    const std::string bytes(reinterpret_cast<const char*>(own.data()), own.size() * sizeof(T));
    std::vector<T> values;
    for (const std::string& part : ranks.gather_all(bytes)) {
        const std::size_t size = values.size();
        values.resize(size + part.size() / sizeof(T));
        if (!part.empty()) std::memcpy(values.data() + size, part.data(), part.size());
    }
    const std::size_t columns = values.size() / rows;
    return Array<T>({rows, columns}, std::move(values));
}

template Array<float> divide_rows(const Communicator&, std::size_t,
                                  const std::function<Array<float>(std::size_t, std::size_t)>&,
                                  std::size_t);
template Array<double> divide_rows(const Communicator&, std::size_t,
                                   const std::function<Array<double>(std::size_t, std::size_t)>&,
                                   std::size_t);

}  // namespace attn
