// Loads OpenBLAS on first use and passes calls on to it.
#include "COpenBLAS.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

typedef void (*Function)(void);

enum { GEMM, GEMV, TRSM, GETRF, GETRS, POTRF, GEQRF, ORGQR, SYEVD, GESDD, COUNT };
static const char *const names[COUNT] = {"cblas_dgemm", "cblas_dgemv", "cblas_dtrsm", "dgetrf_",
                                         "dgetrs_",     "dpotrf_",     "dgeqrf_",     "dorgqr_",
                                         "dsyevd_",     "dgesdd_"};
static Function functions[COUNT];
static int isAvailable;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
  // One thread: other numbers of threads give other bits. Said before loading, so that the library
  // makes no others, which would wait by spinning.
  setenv("OPENBLAS_NUM_THREADS", "1", 1);
  static const char *const files[] = {
      "libopenblas.so.0", "libopenblas.so", "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
      "/usr/local/opt/openblas/lib/libopenblas.dylib", "libopenblas.dylib"};
  void *library = NULL;
  for (unsigned k = 0; k < sizeof files / sizeof *files && !library; k++) {
    library = dlopen(files[k], RTLD_NOW | RTLD_LOCAL);
  }
  if (!library) return;
  int found = 1;
  for (int k = 0; k < COUNT; k++) {
    functions[k] = (Function)dlsym(library, names[k]);
    if (!functions[k]) found = 0;
  }
  void (*setThreads)(int) = (void (*)(int))dlsym(library, "openblas_set_num_threads");
  if (setThreads) setThreads(1);
  isAvailable = found;
}

int blas_available(void) {
  pthread_once(&once, load);
  return isAvailable;
}

// The libraries' own codes.
enum { rowMajor = 101, noTranspose = 111, transposed = 112, upper = 121, lowerPart = 122 };
enum { nonUnit = 131, left = 141 };

static int code(int transpose) { return transpose ? transposed : noTranspose; }

void blas_dgemm(int transposeA, int transposeB, int m, int n, int k, const double *a, int lda,
                const double *b, int ldb, double *c, int ldc) {
  if (blas_available()) {
    ((void (*)(int, int, int, int, int, int, double, const double *, int, const double *, int,
               double, double *, int))functions[GEMM])(rowMajor, code(transposeA), code(transposeB),
                                                       m, n, k, 1, a, lda, b, ldb, 0, c, ldc);
    return;
  }
  for (int i = 0; i < m; i++) {
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int l = 0; l < k; l++) {
        double x = transposeA ? a[(long)l * lda + i] : a[(long)i * lda + l];
        double y = transposeB ? b[(long)j * ldb + l] : b[(long)l * ldb + j];
        sum += x * y;
      }
      c[(long)i * ldc + j] = sum;
    }
  }
}

void blas_dgemv(int transpose, int m, int n, const double *a, int lda, const double *x, double *y) {
  if (blas_available()) {
    ((void (*)(int, int, int, int, double, const double *, int, const double *, int, double,
               double *, int))functions[GEMV])(rowMajor, code(transpose), m, n, 1, a, lda, x, 1, 0,
                                               y, 1);
    return;
  }
  blas_dgemm(transpose, 0, transpose ? n : m, 1, transpose ? m : n, a, lda, x, 1, y, 1);
}

void blas_dtrsm(int lower, int transpose, int n, int right, const double *t, double *x) {
  if (blas_available()) {
    ((void (*)(int, int, int, int, int, int, int, double, const double *, int, double *,
               int))functions[TRSM])(rowMajor, left, lower ? lowerPart : upper, code(transpose),
                                     nonUnit, n, right, 1, t, n, x, right);
    return;
  }
  // Forwards for a lower triangle or a transposed upper one, else backwards.
  int forwards = !lower == !!transpose;
  for (int step = 0; step < n; step++) {
    int i = forwards ? step : n - 1 - step;
    for (int j = 0; j < right; j++) {
      double sum = x[(long)i * right + j];
      for (int l = forwards ? 0 : i + 1; l < (forwards ? i : n); l++) {
        double entry = transpose ? t[(long)l * n + i] : t[(long)i * n + l];
        sum -= entry * x[(long)l * right + j];
      }
      x[(long)i * right + j] = sum / t[(long)i * n + i];
    }
  }
}

static const int missing = -1000;

int lapack_dgetrf(int m, int n, double *a, int lda, int *pivots) {
  int info = missing;
  if (blas_available()) {
    ((void (*)(int *, int *, double *, int *, int *, int *))functions[GETRF])(&m, &n, a, &lda,
                                                                              pivots, &info);
  }
  return info;
}

int lapack_dgetrs(char transpose, int n, int right, const double *a, int lda, const int *pivots,
                  double *b, int ldb) {
  int info = missing;
  if (blas_available()) {
    ((void (*)(char *, int *, int *, const double *, int *, const int *, double *, int *, int *,
               long))functions[GETRS])(&transpose, &n, &right, a, &lda, pivots, b, &ldb, &info, 1);
  }
  return info;
}

int lapack_dpotrf(char triangle, int n, double *a, int lda) {
  int info = missing;
  if (blas_available()) {
    ((void (*)(char *, int *, double *, int *, int *, long))functions[POTRF])(&triangle, &n, a,
                                                                              &lda, &info, 1);
  }
  return info;
}

int lapack_dgeqrf(int m, int n, double *a, int lda, double *tau, double *work, int length) {
  int info = missing;
  if (blas_available()) {
    ((void (*)(int *, int *, double *, int *, double *, double *, int *,
               int *))functions[GEQRF])(&m, &n, a, &lda, tau, work, &length, &info);
  }
  return info;
}

int lapack_dorgqr(int m, int n, int k, double *a, int lda, const double *tau, double *work,
                  int length) {
  int info = missing;
  if (blas_available()) {
    ((void (*)(int *, int *, int *, double *, int *, const double *, double *, int *,
               int *))functions[ORGQR])(&m, &n, &k, a, &lda, tau, work, &length, &info);
  }
  return info;
}

int lapack_dsyevd(char vectors, char triangle, int n, double *a, int lda, double *values,
                  double *work, int length, int *integers, int integerLength) {
  int info = missing;
  if (blas_available()) {
    ((void (*)(char *, char *, int *, double *, int *, double *, double *, int *, int *, int *,
               int *, long, long))functions[SYEVD])(&vectors, &triangle, &n, a, &lda, values, work,
                                                    &length, integers, &integerLength, &info, 1, 1);
  }
  return info;
}

int lapack_dgesdd(char vectors, int m, int n, double *a, int lda, double *values, double *u,
                  int ldu, double *vt, int ldvt, double *work, int length, int *integers) {
  int info = missing;
  if (blas_available()) {
    ((void (*)(char *, int *, int *, double *, int *, double *, double *, int *, double *, int *,
               double *, int *, int *, int *, long))functions[GESDD])(
        &vectors, &m, &n, a, &lda, values, u, &ldu, vt, &ldvt, work, &length, integers, &info, 1);
  }
  return info;
}
