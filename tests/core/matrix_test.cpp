#include "core/matrix.hpp"

#include <catch2/catch.hpp>

using attn::Matrix;
using attn::MatrixView;

TEST_CASE("a new matrix holds zeros, row behind row") {
    Matrix<double> matrix(2, 3);
    CHECK(matrix.values == std::vector<double>(6));
    matrix.row(1)[2] = 5;
    CHECK(matrix.values == std::vector<double>{0, 0, 0, 0, 0, 5});
    CHECK(matrix.at(1, 2) == 5);
}

TEST_CASE("a matrix of no rows is empty, as one that was never made") {
    CHECK(Matrix<float>().empty());
    CHECK(Matrix<float>(0, 4).empty());
    CHECK_FALSE(Matrix<float>(1, 1).empty());
}

TEST_CASE("a view of a matrix reads and writes the same numbers") {
    Matrix<float> matrix(2, 2);
    const MatrixView<float> view = matrix.view();
    view.row(1)[0] = 7;
    const Matrix<float>& same = matrix;
    CHECK(same.row(1)[0] == 7);
    CHECK(same.view().data == view.data);
    CHECK(same.view().rows == 2);
    CHECK(same.view().columns == 2);
}
