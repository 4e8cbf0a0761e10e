#include "results/implied_arrays.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/numbers.hpp"
#include "core/place_among.hpp"
#include "core/word_list.hpp"
#include "results/folder_layout.hpp"

namespace attn::results {
const std::vector<std::string>& implied_save_names() {
    static const std::vector<std::string> names{"weights", "context", "keep"};
    return names;
}

ImpliedChoice parse_implied_save(const std::string& list) {
    ImpliedChoice choice;
    for (const std::string& name : split_at(list, ',')) {
        if (name == "weights") {
            choice.weights = true;
        } else if (name == "context") {
            choice.context = true;
        } else if (name == "keep") {
            choice.keep = true;
        } else {
            fail("--save ", quoted(name), ": expected a list of ", joined(implied_save_names()),
                 did_you_mean(name, implied_save_names()));
        }
    }
    return choice;
}

template <class T>
void ImpliedArrays<T>::take(const analysis::ImpliedHead& head) {
    if (choice_.weights) write(head, "weights", head.implied);
    if (choice_.context) write(head, "context", head.context);
    if (!choice_.keep || !head.keeps) return;
    Matrix<double> keep(head.implied.rows, head.implied.columns);
    std::copy(head.kept.begin(), head.kept.end(), keep.values.begin());
    write(head, "keep", keep.view());
}

template <class T>
void ImpliedArrays<T>::close() {
    for (auto& [name, file] : files_) file.close();
    files_.clear();
}

template <class T>
std::size_t ImpliedArrays<T>::place_of(const analysis::ImpliedHead& head) const {
    return place_among(axes_.sequences, head.sequence) * axes_.heads.size() +
           place_among(axes_.heads, head.head);
}

template <class T>
io::NpyWriter& ImpliedArrays<T>::file(const analysis::ImpliedHead& head, const std::string& name,
                                      std::size_t rows, std::size_t columns) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (head.layer != layer_) close();
    layer_ = head.layer;
    std::string spec = specs_[head.method];
    std::replace(spec.begin(), spec.end(), '/', '+');
    const std::string path = layer_folder(head.layer) + "/" + spec + "/" + name + ".npy";
    const auto found = files_.find(path);
    if (found != files_.end()) return found->second;
    Shape shape{axes_.heads.size(), rows, columns};
    if (axes_.batch) shape.insert(shape.begin(), axes_.sequences.size());
    const auto makers = folder_.is_shared() ? io::Makers::several : io::Makers::one;
    return files_
        .emplace(std::piecewise_construct, std::forward_as_tuple(path),
                 std::forward_as_tuple(folder_.stage(path), dtype_of<T>(), shape, makers))
        .first->second;
}

template <class T>
void ImpliedArrays<T>::write(const analysis::ImpliedHead& head, const std::string& name,
                             MatrixView<const double> matrix) {
    const io::NpyWriter& to = file(head, name, matrix.rows, matrix.columns);
    std::vector<T> values;
    values.reserve(matrix.rows * matrix.columns);
    for (std::size_t row = 0; row < matrix.rows; ++row) {
        for (const double value : matrix.row(row)) values.push_back(static_cast<T>(value));
    }
    to.write(place_of(head) * values.size(), Span<const T>(values));
}

template class ImpliedArrays<float>;
template class ImpliedArrays<double>;

}  // namespace attn::results
