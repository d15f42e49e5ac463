#pragma once
/// Sparse LU factorisation from UMFPACK of SuiteSparse and the ordering AMD that it brings, loaded when
/// first needed.

/// Results of `sparse_solve` other than 0.
enum { SPARSE_SINGULAR = 1, SPARSE_NO_MEMORY = -1, SPARSE_FAILED = -2, SPARSE_NO_LIBRARY = -3 };

/// Whether the library is there; loads it.
int sparse_available(void);

/// Solves A x = b for the n×n matrix A in compressed rows, columns ascending in each row. `b` and
/// `x` have `right` columns, one behind the other. `condition` gets the smallest pivot divided by the
/// largest.
int sparse_solve(int n, const int *starts, const int *indices, const double *values, int right,
                 const double *b, double *x, double *condition);

/// An order of elimination with little fill for the n×n symmetric pattern in compressed rows, all of it
/// stored: `order[k]` is eliminated as k-th. 0 when there is one.
int sparse_order(int n, const int *starts, const int *indices, int *order);
