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

// Four numbers are passed in one register. How a compiler passes them depends on the processor that
// the whole file is compiled for, not on that of one function: the calls are written out instead.
// Both take a function, the target, the operands, and how many times four numbers there are (> 0).
void ck_map1(const void *f, double *d, const double *a, int64_t quads);
void ck_map2(const void *f, double *d, const double *a, const double *b, int64_t quads);
__asm__(
  ".text\n"
  ".p2align 4\n"
  ".hidden ck_map1\n"
  ".globl ck_map1\n"
  ".type ck_map1, @function\n"
  "ck_map1:\n"
  "  push %rbx\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
  "  mov %rdi, %rbx\n  mov %rsi, %r12\n  mov %rdx, %r13\n  mov %rcx, %r14\n"
  "1:\n"
  "  vmovupd (%r13), %ymm0\n"
  "  call *%rbx\n"
  "  vmovupd %ymm0, (%r12)\n"
  "  add $32, %r13\n  add $32, %r12\n  dec %r14\n"
  "  jnz 1b\n"
  "  vzeroupper\n"
  "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbx\n"
  "  ret\n"
  ".size ck_map1, .-ck_map1\n"
  ".p2align 4\n"
  ".hidden ck_map2\n"
  ".globl ck_map2\n"
  ".type ck_map2, @function\n"
  "ck_map2:\n"
  "  push %rbx\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
  "  mov %rdi, %rbx\n  mov %rsi, %r12\n  mov %rdx, %r13\n  mov %rcx, %r15\n  mov %r8, %r14\n"
  "1:\n"
  "  vmovupd (%r13), %ymm0\n  vmovupd (%r15), %ymm1\n"
  "  call *%rbx\n"
  "  vmovupd %ymm0, (%r12)\n"
  "  add $32, %r13\n  add $32, %r15\n  add $32, %r12\n  dec %r14\n"
  "  jnz 1b\n"
  "  vzeroupper\n"
  "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbx\n"
  "  ret\n"
  ".size ck_map2, .-ck_map2\n");

static void *library(void) {
  static void *handle;
  if (!handle) handle = dlopen("libmvec.so.1", RTLD_NOW | RTLD_LOCAL);
  return handle;
}

// The tail is filled up, so that a value does not depend on its place.
static void map1(const void *f, double *d, const double *a, int64_t n) {
  const int64_t whole = n / 4, rest = n % 4;
  if (whole > 0) ck_map1(f, d, a, whole);
  if (rest > 0) {
    double x[4] = {1, 1, 1, 1}, out[4];
    for (int64_t k = 0; k < rest; k++) x[k] = a[4 * whole + k];
    ck_map1(f, out, x, 1);
    for (int64_t k = 0; k < rest; k++) d[4 * whole + k] = out[k];
  }
}

static void map2(const void *f, double *d, const double *a, const double *b, int64_t n) {
  const int64_t whole = n / 4, rest = n % 4;
  if (whole > 0) ck_map2(f, d, a, b, whole);
  if (rest > 0) {
    double x[4] = {1, 1, 1, 1}, y[4] = {1, 1, 1, 1}, out[4];
    for (int64_t k = 0; k < rest; k++) x[k] = a[4 * whole + k], y[k] = b[4 * whole + k];
    ck_map2(f, out, x, y, 1);
    for (int64_t k = 0; k < rest; k++) d[4 * whole + k] = out[k];
  }
}

#define UNARY(NAME)                                                             \
  static const void *v_##NAME;                                                  \
  static void packed_##NAME(double *d, const double *a, int64_t n) {            \
    map1(v_##NAME, d, a, n);                                                    \
  }
#define BINARY(NAME)                                                            \
  static const void *v_##NAME;                                                  \
  static void packed_##NAME(double *d, const double *a, const double *b, int64_t n) { \
    map2(v_##NAME, d, a, b, n);                                                 \
  }

#define UNARIES(X)                                                              \
  X(exp) X(expm1) X(log) X(log1p) X(log2) X(log10) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) \
  X(sinh) X(cosh) X(asinh) X(acosh) X(atanh) X(cbrt) X(erf) X(erfc)
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
    if (!v_##NAME) v_##NAME = dlsym(library(), PREFIX #NAME);        \
    *arity = ARITY;                                                             \
    return v_##NAME ? (const void *)packed_##NAME : NULL;                       \
  }
#define FIND1(NAME) FIND_AS(NAME, "_ZGVdN4v_", 1)
#define FIND2(NAME) FIND_AS(NAME, "_ZGVdN4vv_", 2)

const void *ck_packed(const char *name, int *arity) {
  if (!ck_has_avx2_fma()) return NULL;
  *arity = 1;
  if (!strcmp(name, "tanh")) return (const void *)ck_tanh;
  if (!library()) return NULL;
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

#define VECTOR_AS(NAME, ARITY) if (!strcmp(name, #NAME)) { *arity = ARITY; return v_##NAME; }
#define VECTOR1(NAME) VECTOR_AS(NAME, 1)
#define VECTOR2(NAME) VECTOR_AS(NAME, 2)
const void *ck_vector(const char *name, int *arity) {
  if (!ck_packed(name, arity)) return NULL;
  UNARIES(VECTOR1)
  BINARIES(VECTOR2)
  return NULL;
}

#else

const void *ck_packed(const char *name, int *arity) { return NULL; }
const void *ck_vector(const char *name, int *arity) { return NULL; }

#endif
