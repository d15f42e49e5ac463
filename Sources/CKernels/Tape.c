// Runs of equal scalar operations: what unrolled programs execute.
#include "Operations.h"
#pragma STDC FP_CONTRACT OFF

typedef double (*function1)(double);
typedef double (*function2)(double, double);
typedef double (*function3)(double, double, double);

#define ONE(NAME, VALUE)                         \
  case CK_##NAME:                                \
    for (; n > 0; n--, code += 1) {              \
      const double x = w[code[0]];               \
      *d++ = (VALUE);                            \
    }                                            \
    break;
#define TWO(NAME, VALUE)                         \
  case CK_##NAME:                                \
    for (; n > 0; n--, code += 2) {              \
      const double x = w[code[0]], y = w[code[1]]; \
      *d++ = (VALUE);                            \
    }                                            \
    break;
#define THREE(NAME, VALUE)                       \
  case CK_##NAME:                                \
    for (; n > 0; n--, code += 3) {              \
      const double x = w[code[0]], y = w[code[1]], z = w[code[2]]; \
      *d++ = (VALUE);                            \
    }                                            \
    break;

static inline __attribute__((always_inline)) void run(
  const int32_t *code, const int32_t *end, double *w, const double *const *bases,
  const void *const *functions) {
  double *d = w;
  while (code < end) {
    const int32_t op = code[0];
    int32_t n = code[1];
    code += 2;
    switch (op) {
    case CK_START: d = w + n; break;
    case CK_LOAD:
      for (; n > 0; n--, code += 2) *d++ = bases[code[0]][code[1]];
      break;
    case CK_STORE:
      for (; n > 0; n--, code += 2) w[code[0]] = w[code[1]];
      break;
    case CK_INCREASE:
      for (; n > 0; n--, code += 2) w[code[0]] += w[code[1]];
      break;
      CK_UNARY(ONE)
      CK_BINARY(TWO)
      CK_TERNARY(THREE)
    case CK_CALL1: {
      const function1 f = (function1)functions[*code++];
      for (; n > 0; n--, code += 1) *d++ = f(w[code[0]]);
      break;
    }
    case CK_CALL2: {
      const function2 f = (function2)functions[*code++];
      for (; n > 0; n--, code += 2) *d++ = f(w[code[0]], w[code[1]]);
      break;
    }
    case CK_CALL3: {
      const function3 f = (function3)functions[*code++];
      for (; n > 0; n--, code += 3) *d++ = f(w[code[0]], w[code[1]], w[code[2]]);
      break;
    }
    default: return;
    }
  }
}

CK_AVX2 static void run_avx2(
  const int32_t *code, const int32_t *end, double *w, const double *const *bases,
  const void *const *functions) {
  run(code, end, w, bases, functions);
}

static void run_plain(
  const int32_t *code, const int32_t *end, double *w, const double *const *bases,
  const void *const *functions) {
  run(code, end, w, bases, functions);
}

void ck_tape_run(
  const int32_t *code, const int32_t *end, double *w, const double *const *bases,
  const void *const *functions) {
  if (ck_has_avx2_fma())
    run_avx2(code, end, w, bases, functions);
  else
    run_plain(code, end, w, bases, functions);
}
