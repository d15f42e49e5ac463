#pragma once
/// BLAS and LAPACK from OpenBLAS, loaded when first needed: loading it takes longer than the whole
/// start-up of the program, and most programs never multiply large matrices.
///
/// Sizes and strides are as in the libraries themselves. Where the library cannot be loaded,
/// products and triangular systems go through plain loops, and factorisations return -1000.

/// Whether the library is there; loads it.
int blas_available(void);

/// C (m×n) = op(A) op(B), row by row.
void blas_dgemm(int transposeA, int transposeB, int m, int n, int k, const double *a, int lda,
                const double *b, int ldb, double *c, int ldc);

/// y = op(A) x for the m×n matrix A, row by row.
void blas_dgemv(int transpose, int m, int n, const double *a, int lda, const double *x, double *y);

/// X = op(T)⁻¹ X for the triangular n×n matrix T, row by row; X is n×right.
void blas_dtrsm(int lower, int transpose, int n, int right, const double *t, double *x);

// Column by column; each returns LAPACK's info.
int lapack_dgetrf(int m, int n, double *a, int lda, int *pivots);
int lapack_dgetrs(char transpose, int n, int right, const double *a, int lda, const int *pivots,
                  double *b, int ldb);
int lapack_dpotrf(char triangle, int n, double *a, int lda);
int lapack_dgeqrf(int m, int n, double *a, int lda, double *tau, double *work, int length);
int lapack_dorgqr(int m, int n, int k, double *a, int lda, const double *tau, double *work,
                  int length);
int lapack_dsyevd(char vectors, char triangle, int n, double *a, int lda, double *values,
                  double *work, int length, int *integers, int integerLength);
int lapack_dgesdd(char vectors, int m, int n, double *a, int lda, double *values, double *u,
                  int ldu, double *vt, int ldvt, double *work, int length, int *integers);
