// Elementary functions on four numbers at a time: those of the C library's vector companion, which
// is looked for at run time, and some made of them.
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "Operations.h"
#include <stddef.h>
#include <string.h>
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__) && defined(__linux__)
#include <dlfcn.h>
#include <math.h>

typedef double v4d __attribute__((vector_size(32)));
typedef double v4u __attribute__((vector_size(32), aligned(8), may_alias));
typedef v4d (*vector1)(v4d);
typedef v4d (*vector2)(v4d, v4d);

static void *library(void) {
  static void *handle;
  if (!handle) handle = dlopen("libmvec.so.1", RTLD_NOW | RTLD_LOCAL);
  return handle;
}

// The tail is filled up, so that a value does not depend on its place.
#define LOOP1(VALUE)                                        \
  int64_t i = 0;                                            \
  for (; i + 4 <= n; i += 4) {                              \
    const v4d x = *(const v4u *)(a + i);                    \
    *(v4u *)(d + i) = (VALUE);                              \
  }                                                         \
  if (i < n) {                                              \
    double tail[4] = {1, 1, 1, 1}, out[4];                  \
    for (int64_t k = i; k < n; k++) tail[k - i] = a[k];     \
    const v4d x = *(const v4u *)tail;                       \
    *(v4u *)out = (VALUE);                                  \
    for (int64_t k = i; k < n; k++) d[k] = out[k - i];      \
  }

#define UNARY(NAME)                                                             \
  static vector1 v_##NAME;                                                      \
  CK_AVX2 static void packed_##NAME(double *d, const double *a, int64_t n) {    \
    const vector1 f = v_##NAME;                                                 \
    LOOP1(f(x))                                                                 \
  }
#define BINARY(NAME)                                                            \
  static vector2 v_##NAME;                                                      \
  CK_AVX2 static void packed_##NAME(                                            \
    double *d, const double *a, const double *b, int64_t n) {                   \
    const vector2 f = v_##NAME;                                                 \
    int64_t i = 0;                                                              \
    for (; i + 4 <= n; i += 4)                                                  \
      *(v4u *)(d + i) = f(*(const v4u *)(a + i), *(const v4u *)(b + i));        \
    if (i < n) {                                                                \
      double x[4] = {1, 1, 1, 1}, y[4] = {1, 1, 1, 1}, out[4];                  \
      for (int64_t k = i; k < n; k++) x[k - i] = a[k], y[k - i] = b[k];         \
      *(v4u *)out = f(*(v4u *)x, *(v4u *)y);                                    \
      for (int64_t k = i; k < n; k++) d[k] = out[k - i];                        \
    }                                                                           \
  }

#define UNARIES(X)                                                              \
  X(exp) X(expm1) X(log) X(log1p) X(log2) X(log10) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) \
  X(sinh) X(cosh) X(tanh) X(asinh) X(acosh) X(atanh) X(cbrt) X(erf) X(erfc)
#define BINARIES(X) X(atan2) X(hypot)
UNARIES(UNARY)
BINARIES(BINARY)

// exp(-|x|) of a piece, on the stack.
#define PIECES(VALUE)                                                           \
  for (int64_t i = 0; i < n; i += 256) {                                        \
    const int64_t m = n - i < 256 ? n - i : 256;                                \
    double e[256], g[256];                                                      \
    for (int64_t k = 0; k < m; k++) e[k] = -__builtin_fabs(a[i + k]);           \
    packed_exp(e, e, m);                                                        \
    packed_log1p_if(g, e, m);                                                   \
    _Pragma("clang loop vectorize(assume_safety)") for (int64_t k = 0; k < m; k++) { \
      const double x = a[i + k];                                                \
      d[i + k] = (VALUE);                                                       \
    }                                                                           \
  }

CK_AVX2 static void packed_sigmoid(double *d, const double *a, int64_t n) {
#define packed_log1p_if(g, e, m) (void)g
  PIECES((x < 0 ? e[k] : x == x ? 1 : x) / (1 + e[k]))
#undef packed_log1p_if
}

CK_AVX2 static void packed_softplus(double *d, const double *a, int64_t n) {
#define packed_log1p_if(g, e, m) packed_log1p(g, e, m)
  PIECES((x > 0 ? x : x == x ? 0 : x) + g[k])
#undef packed_log1p_if
}

#define FIND_AS(NAME, PREFIX, ARITY)                                            \
  if (!strcmp(name, #NAME)) {                                                   \
    if (!v_##NAME) *(void **)&v_##NAME = dlsym(library(), PREFIX #NAME);        \
    *arity = ARITY;                                                             \
    return v_##NAME ? (const void *)packed_##NAME : NULL;                       \
  }
#define FIND1(NAME) FIND_AS(NAME, "_ZGVdN4v_", 1)
#define FIND2(NAME) FIND_AS(NAME, "_ZGVdN4vv_", 2)

const void *ck_packed(const char *name, int *arity) {
  if (!ck_has_avx2_fma() || !library()) return NULL;
  UNARIES(FIND1)
  BINARIES(FIND2)
  *arity = 1;
  if (!strcmp(name, "sigmoid"))
    return ck_packed("exp", arity) ? (const void *)packed_sigmoid : NULL;
  if (!strcmp(name, "softplus"))
    return ck_packed("exp", arity) && ck_packed("log1p", arity) ? (const void *)packed_softplus
                                                                : NULL;
  return NULL;
}

#else

const void *ck_packed(const char *name, int *arity) { return NULL; }

#endif
