#include "attention/blas.hpp"

#include <catch2/catch.hpp>

#include "core/matrix.hpp"

using namespace attn;

namespace {

template <class T>
Matrix<T> matrix_of(std::size_t rows, std::size_t columns, std::vector<T> values) {
    Matrix<T> matrix(rows, columns);
    matrix.values = std::move(values);
    return matrix;
}

}  // namespace

TEMPLATE_TEST_CASE("the three products of matrices agree with those by hand", "", float, double) {
    using T = TestType;
    const Matrix<T> a = matrix_of<T>(2, 3, {1, 2, 3, 4, 5, 6});
    const Matrix<T> b = matrix_of<T>(3, 2, {1, 0, 0, 1, 1, 1});
    Matrix<T> c(2, 2);
    multiply<T>(a.view(), b.view(), c.view());
    CHECK(c.values == std::vector<T>{4, 5, 10, 11});

    const Matrix<T> of_rows = matrix_of<T>(2, 3, {1, 0, 1, 0, 1, 1});  // bᵀ
    multiply_transposed<T>(T{2}, a.view(), of_rows.view(), c.view());
    CHECK(c.values == std::vector<T>{8, 10, 20, 22});

    const Matrix<T> of_columns = matrix_of<T>(3, 2, {1, 4, 2, 5, 3, 6});  // aᵀ
    multiply_transposed_first<T>(of_columns.view(), b.view(), c.view());
    CHECK(c.values == std::vector<T>{4, 5, 10, 11});
}

TEST_CASE("products read and write rows that lie a stride apart, and nothing between them") {
    const std::vector<double> a{1, 2, -9, 3, 4, -9};
    std::vector<double> c(6, 7);
    const Matrix<double> one = matrix_of<double>(2, 2, {1, 0, 0, 1});
    multiply<double>({a.data(), 2, 2, 3}, one.view(), {c.data(), 2, 2, 3});
    CHECK(c == std::vector<double>{1, 2, 7, 3, 4, 7});
}
