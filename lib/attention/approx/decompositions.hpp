// Decompositions of matrices for those who approximate: singular values and vectors by LAPACK, rows
// made orthonormal.
#pragma once

#include <vector>

#include "attention/approx/shapes.hpp"
#include "core/matrix.hpp"

namespace attn::approx {

// a = left · diag(values) · right, values descending; left [rows, r], right [r, columns], with
// r = min(rows, columns). A matrix that holds NaN or infinities makes all of them NaN.
struct SingularValues {
    Matrix<double> left;
    std::vector<double> values;
    Matrix<double> right;
};
SingularValues decompose(MatrixView<const double> a);

// The singular values alone, descending.
std::vector<double> singular_values(MatrixView<const double> a);

// a · b; a [m, k], b [k, n].
Matrix<double> product(MatrixView<const double> a, MatrixView<const double> b);

// a · bᵀ; a [m, k], b [n, k].
Matrix<double> product_transposed(MatrixView<const double> a, MatrixView<const double> b);

// The matrix with rows as columns.
Matrix<double> transposed(MatrixView<const double> a);

// Makes the rows begin … end - 1 orthonormal, in their order (Gram and Schmidt, twice); there are
// no more of them than columns.
void make_orthonormal(Matrix<double>& rows, std::size_t begin, std::size_t end);

}  // namespace attn::approx
