// What the plain operations compute, for tapes and strips: X(name, value of x, y, z).
#pragma once
#include "CKernels.h"

#define CK_UNARY(X)                                             \
  X(NEG, -x)                                                    \
  X(SQRT, __builtin_elementwise_sqrt(x))                        \
  X(ABS, __builtin_fabs(x))                                     \
  X(SIGN, x > 0 ? 1.0 : x < 0 ? -1.0 : x == 0 ? 0.0 : x)        \
  X(FLOOR, __builtin_elementwise_floor(x))                      \
  X(CEIL, __builtin_elementwise_ceil(x))                        \
  X(NOT, x == 0 ? 1.0 : 0.0)                                    \
  X(RELU, x > 0 ? x : x == x ? 0.0 : x)                         \
  X(COPY, x)

#define CK_BINARY(X)                                            \
  X(ADD, x + y)                                                 \
  X(SUB, x - y)                                                 \
  X(MUL, x *y)                                                  \
  X(DIV, x / y)                                                 \
  X(MIN, ((y < x) | (y != y)) ? y : x)                          \
  X(MAX, ((y > x) | (y != y)) ? y : x)                          \
  X(LT, x < y ? 1.0 : 0.0)                                      \
  X(LE, x <= y ? 1.0 : 0.0)                                     \
  X(GT, x > y ? 1.0 : 0.0)                                      \
  X(GE, x >= y ? 1.0 : 0.0)                                     \
  X(EQ, x == y ? 1.0 : 0.0)                                     \
  X(NE, x != y ? 1.0 : 0.0)                                     \
  X(AND, ((x != 0) & (y != 0)) ? 1.0 : 0.0)                     \
  X(OR, ((x != 0) | (y != 0)) ? 1.0 : 0.0)

#define CK_TERNARY(X)                                           \
  X(FMA, __builtin_elementwise_fma(x, y, z))                    \
  X(FMS, __builtin_elementwise_fma(x, y, -z))                   \
  X(FNMA, __builtin_elementwise_fma(-x, y, z))                  \
  X(MUL_MUL, (x * y) * z)                                       \
  X(ADD_MUL, (x + y) * z)                                       \
  X(SUB_MUL, (x - y) * z)                                       \
  X(ADD_ADD, (x + y) + z)                                       \
  X(SUB_ADD, (x - y) + z)                                       \
  X(ADD_SUB, (x + y) - z)                                       \
  X(SUB_SUB, (x - y) - z)                                       \
  X(FROM_ADD, z - (x + y))                                      \
  X(FROM_SUB, z - (x - y))                                      \
  X(SELECT, x != 0 ? y : z)

#if defined(__x86_64__)
#define CK_AVX2 __attribute__((target("avx2,fma")))
#else
#define CK_AVX2
#endif
