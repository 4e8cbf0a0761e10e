#include "results/array_files.hpp"

#include "io/npy_writer.hpp"

namespace attn::results {

template <class T>
void ArrayFiles<T>::write(const std::string& name, const Array<T>& array,
                          const Shape& shape) const {
    io::NpyWriter file(folder_.stage(name), dtype_of<T>(), shape);
    file.write(0, array.values());
    file.close();
}

template <class T>
void ArrayFiles<T>::write_batch(const std::string& name, const Array<T>& array) const {
    if (own_) return write_own(name, array);
    Shape shape = array.shape();
    if (!batch_axis_) shape.erase(shape.begin());
    write(name, array, shape);
}

template <class T>
void ArrayFiles<T>::write_own(const std::string& name, const Array<T>& array) const {
    const std::size_t batch = array.extent(0), columns = array.extent(2);
    Shape shape{own_->tokens, columns};
    if (batch_axis_) shape.insert(shape.begin(), batch);
    const io::NpyWriter file(folder_.stage(name), dtype_of<T>(), shape, io::Makers::several);
    const T* from = array.data();
    for (std::size_t sequence = 0; sequence < batch; ++sequence) {
        for (const KeyRange& run : own_->runs) {
            file.write((sequence * own_->tokens + run.begin) * columns,
                       Span<const T>(from, run.size() * columns));
            from += run.size() * columns;
        }
    }
    file.close();
}

template <class T>
void ArrayFiles<T>::write_heads(const std::string& name, const HeadsView<T>& view,
                                const Chosen& heads) const {
    Shape shape{heads ? heads->size() : view.heads, view.tokens, view.width};
    if (batch_axis_) shape.insert(shape.begin(), view.batch);
    io::NpyWriter file(folder_.stage(name), dtype_of<T>(), shape);
    std::size_t offset = 0;
    for (std::size_t sequence = 0; sequence < view.batch; ++sequence) {
        for (std::size_t head = 0; head < view.heads; ++head) {
            if (!is_chosen(heads, head)) continue;
            const MatrixView<const T> matrix = view.head(sequence, head);
            for (std::size_t row = 0; row < matrix.rows; ++row, offset += matrix.columns)
                file.write(offset, matrix.row(row));
        }
    }
    file.close();
}

template class ArrayFiles<float>;
template class ArrayFiles<double>;

}  // namespace attn::results
