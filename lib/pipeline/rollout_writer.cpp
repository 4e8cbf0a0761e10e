#include "pipeline/rollout_writer.hpp"

#include <algorithm>

#include "core/dtype.hpp"

namespace attn::pipeline {
namespace {

// [(batch,) …]: of an array that holds all sequences.
Shape with_batch(const RolloutLayout& layout, Shape of_sequence) {
    if (layout.batch_axis) of_sequence.insert(of_sequence.begin(), layout.sequences);
    return of_sequence;
}

Shape with_heads(const RolloutLayout& layout, Shape of_head) {
    if (layout.heads > 0) of_head.insert(of_head.begin(), layout.heads);
    return of_head;
}

}  // namespace

template <class T>
RolloutWriter<T>::RolloutWriter(io::OutputFolder& folder, const RolloutLayout& layout)
    : folder_(folder), layout_(layout) {
    const std::size_t cells =
        layout.sequences * std::max<std::size_t>(layout.heads, 1) * layout.rows * layout.columns;
    const std::size_t square = layout.columns * layout.columns;
    folder.require_space(sizeof(T) *
                         (cells * (layout.array ? 1 : 0) + cells * (layout.lift ? 1 : 0) +
                          layout.sequences * layout.rows * layout.cross_columns +
                          layout.layers * layout.sequences * square));
}

template <class T>
io::NpyWriter& RolloutWriter<T>::file(const std::string& name, Shape shape) {
    auto& place = files_[name];
    if (!place)
        place = std::make_unique<io::NpyWriter>(folder_.stage(name + ".npy"), dtype_of<T>(),
                                                std::move(shape));
    return *place;
}

template <class T>
void RolloutWriter<T>::write(const std::string& name, std::size_t sequence,
                             const std::vector<Matrix<T>>& heads) {
    const std::size_t rows = heads.front().rows, columns = heads.front().columns;
    io::NpyWriter& target = file(name, with_batch(layout_, with_heads(layout_, {rows, columns})));
    std::size_t offset = sequence * heads.size() * rows * columns;
    for (const Matrix<T>& head : heads) {
        target.write(offset, Span<const T>(head.values));
        offset += head.values.size();
    }
}

template <class T>
void RolloutWriter<T>::write_rows(std::size_t sequence, const std::vector<Matrix<T>>& heads) {
    if (layout_.array) write(layout_.name, sequence, heads);
    if (layout_.grid) write_map("map", sequence, heads, *layout_.grid);
}

template <class T>
void RolloutWriter<T>::write_lift(std::size_t sequence, const std::vector<Matrix<T>>& heads) {
    write("lift", sequence, heads);
}

template <class T>
void RolloutWriter<T>::write_cross(std::size_t sequence, const Matrix<T>& rows) {
    io::NpyWriter& target =
        file("cross_" + layout_.name, with_batch(layout_, {rows.rows, rows.columns}));
    target.write(sequence * rows.values.size(), Span<const T>(rows.values));
    if (layout_.cross_grid) write_map("cross_map", sequence, {rows}, *layout_.cross_grid);
}

template <class T>
void RolloutWriter<T>::write_layer(std::size_t layer, std::size_t sequence,
                                   const Matrix<T>& product) {
    Shape shape = with_batch(layout_, {product.rows, product.columns});
    shape.insert(shape.begin(), layout_.layers);
    const std::size_t place = layer * layout_.sequences + sequence;
    file("layers", shape).write(place * product.values.size(), Span<const T>(product.values));
}

template <class T>
void RolloutWriter<T>::write_map(const std::string& name, std::size_t sequence,
                                 const std::vector<Matrix<T>>& heads,
                                 const analysis::PatchGrid& grid) {
    const std::size_t rows = grid.rows(), columns = grid.columns();
    std::vector<T> patches;
    for (const Matrix<T>& head : heads) {
        for (std::size_t target = 0; target < head.rows; ++target) {
            const T* const from = head.row(target).data() + grid.extra();
            patches.insert(patches.end(), from, from + rows * columns);
        }
    }
    io::NpyWriter& target =
        file(name, with_batch(layout_, with_heads(layout_, {heads.front().rows, rows, columns})));
    target.write(sequence * patches.size(), Span<const T>(patches));
}

template <class T>
void RolloutWriter<T>::close() {
    for (auto& [name, file] : files_) file->close();
}

template class RolloutWriter<float>;
template class RolloutWriter<double>;

}  // namespace attn::pipeline
