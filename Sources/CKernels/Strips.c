// Elementwise programs, strip by strip: each operation works on a few hundred numbers in cache.
#include "Operations.h"
#include <stddef.h>
#include <string.h>
#pragma STDC FP_CONTRACT OFF

#define INLINE static inline __attribute__((always_inline))
// An operation may write where it reads, but only at the same element.
#define EACH _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < n; i++)

typedef double (*function1)(double);
typedef double (*function2)(double, double);
typedef double (*function3)(double, double, double);

#define ONE(NAME, VALUE)                              \
  case CK_##NAME: {                                   \
    EACH {                                            \
      const double x = a[i];                          \
      d[i] = (VALUE);                                 \
    }                                                 \
    break;                                            \
  }

#define TWO_AS(X, Y, VALUE)                           \
  EACH {                                              \
    const double x = X, y = Y;                        \
    d[i] = (VALUE);                                   \
  }
#define TWO(NAME, VALUE)                              \
  case CK_##NAME: {                                   \
    const double a0 = *a, b0 = *b;                    \
    if (o->mode == 0) TWO_AS(a[i], b[i], VALUE)       \
    else if (o->mode == 1) TWO_AS(a0, b[i], VALUE)    \
    else TWO_AS(a[i], b0, VALUE)                      \
    break;                                            \
  }

#define THREE_AS(X, Y, Z, VALUE)                      \
  EACH {                                              \
    const double x = X, y = Y, z = Z;                 \
    d[i] = (VALUE);                                   \
  }                                                   \
  break;
#define THREE(NAME, VALUE)                            \
  case CK_##NAME: {                                   \
    const double *c = now[o->c];                      \
    const double a0 = *a, b0 = *b, c0 = *c;           \
    switch (o->mode) {                                \
    case 0: THREE_AS(a[i], b[i], c[i], VALUE)         \
    case 1: THREE_AS(a0, b[i], c[i], VALUE)           \
    case 2: THREE_AS(a[i], b0, c[i], VALUE)           \
    case 3: THREE_AS(a0, b0, c[i], VALUE)             \
    case 4: THREE_AS(a[i], b[i], c0, VALUE)           \
    case 5: THREE_AS(a0, b[i], c0, VALUE)             \
    default: THREE_AS(a[i], b0, c0, VALUE)            \
    }                                                 \
    break;                                            \
  }

void ck_sum_begin(ck_sum_state *s) {
  for (int k = 0; k < 8; k++) s->partial[k] = 0;
  s->blocks = 0;
  s->filled = 0;
}

// Closes a block: one more leaf of the tree, joined with the subtrees that it completes.
static void close_block(ck_sum_state *s) {
  const double *p = s->partial;
  double sum = ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7]));
  int64_t depth = __builtin_popcountll((unsigned long long)s->blocks);
  for (int64_t k = s->blocks; k & 1; k >>= 1) sum = s->stack[--depth] + sum;
  s->stack[depth] = sum;
  s->blocks++;
  s->filled = 0;
  for (int k = 0; k < 8; k++) s->partial[k] = 0;
}

void ck_sum_advance(ck_sum_state *s, int64_t n) {
  s->filled += n;
  if (s->filled >= CK_BLOCK) close_block(s);
}

double ck_sum_end(ck_sum_state *s) {
  if (s->filled > 0) close_block(s);
  int64_t depth = __builtin_popcountll((unsigned long long)s->blocks);
  if (depth == 0) return 0;
  double sum = s->stack[--depth];
  while (depth > 0) sum = s->stack[--depth] + sum;
  return sum;
}

typedef double v4d __attribute__((vector_size(32), aligned(8), may_alias));

// A strip never crosses the end of a block.
#define ACCUMULATE(NAME, VECTOR, SCALAR)                                          \
  INLINE void NAME(ck_sum_state *s, const double *a, const double *b, int64_t n) { \
    v4d p = *(v4d *)s->partial, q = *(v4d *)(s->partial + 4);                     \
    int64_t i = 0;                                                                \
    for (; i + 8 <= n; i += 8) {                                                  \
      { const v4d x = *(const v4d *)(a + i), y = *(const v4d *)(b + i); p = VECTOR(p); }  \
      { const v4d x = *(const v4d *)(a + i + 4), y = *(const v4d *)(b + i + 4); q = VECTOR(q); } \
    }                                                                             \
    *(v4d *)s->partial = p;                                                       \
    *(v4d *)(s->partial + 4) = q;                                                 \
    for (int k = 0; i < n; i++, k++) {                                            \
      const double x = a[i], y = b[i];                                            \
      s->partial[k] = SCALAR(s->partial[k]);                                      \
    }                                                                             \
    ck_sum_advance(s, n);                                                         \
  }
#define PLUS(p) ((void)y, (p) + x)
#define PLUS_PRODUCT(p) __builtin_elementwise_fma(x, y, p)
ACCUMULATE(add_up, PLUS, PLUS)
ACCUMULATE(add_products, PLUS_PRODUCT, PLUS_PRODUCT)

CK_AVX2 static void sum_avx2(ck_sum_state *s, const double *x, int64_t n) {
  for (int64_t i = 0; i < n; i += CK_BLOCK) {
    const int64_t rest = n - i;
    add_up(s, x + i, x + i, rest < CK_BLOCK ? rest : CK_BLOCK);
  }
}
static void sum_plain(ck_sum_state *s, const double *x, int64_t n) {
  for (int64_t i = 0; i < n; i += CK_BLOCK) {
    const int64_t rest = n - i;
    add_up(s, x + i, x + i, rest < CK_BLOCK ? rest : CK_BLOCK);
  }
}

double ck_sum(const double *x, int64_t n) {
  ck_sum_state s;
  ck_sum_begin(&s);
  if (ck_has_avx2_fma())
    sum_avx2(&s, x, n);
  else
    sum_plain(&s, x, n);
  return ck_sum_end(&s);
}

INLINE void one_strip(
  const ck_strip_program *p, double *const *bases, double **now, ck_sum_state *sums,
  int64_t from, int64_t n) {
  const ck_strip_op *o = p->ops, *end = o + p->op_count;
  for (; o < end; o++) {
    double *d = now[o->d];
    const double *a = now[o->a], *b = now[o->b];
    switch (o->op) {
      CK_UNARY(ONE)
      CK_BINARY(TWO)
      CK_TERNARY(THREE)
    case CK_CALL1: {
      const function1 f = (function1)o->function;
      for (int64_t i = 0; i < n; i++) d[i] = f(a[i]);
      break;
    }
    case CK_CALL2: {
      const function2 f = (function2)o->function;
      const int64_t sa = !(o->mode & 1), sb = !(o->mode & 2);
      for (int64_t i = 0; i < n; i++) d[i] = f(a[i * sa], b[i * sb]);
      break;
    }
    case CK_CALL3: {
      const function3 f = (function3)o->function;
      const double *c = now[o->c];
      const int64_t sa = !(o->mode & 1), sb = !(o->mode & 2), sc = !(o->mode & 4);
      for (int64_t i = 0; i < n; i++) d[i] = f(a[i * sa], b[i * sb], c[i * sc]);
      break;
    }
    case CK_MAP: {
      const ck_map *map = p->maps + o->c;
      ck_map_read(d, bases[map->base], map, from, n);
      break;
    }
    case CK_FILL: {
      const double x = *a;
      EACH d[i] = x;
      break;
    }
    case CK_PACKED1: ((ck_packed1)o->function)(d, a, n); break;
    case CK_PACKED2: ((ck_packed2)o->function)(d, a, b, n); break;
    case CK_SUM: add_up(sums + o->c, a, a, n); break;
    case CK_DOT: add_products(sums + o->c, a, b, n); break;
    default: break;
    }
  }
}

INLINE void run(
  const ck_strip_program *p, double *const *bases, double *registers, double **now,
  ck_sum_state *sums, int64_t from, int64_t to) {
  const int64_t count = p->operand_count, strip = p->strip;
  for (int64_t k = 0; k < count; k++) {
    const ck_operand *o = p->operands + k;
    now[k] = o->kind == CK_REGISTER ? registers + o->offset * strip
      : bases[o->base] + o->offset + (o->kind == CK_FLAT ? from : 0);
  }
  for (int64_t i = from; i < to; i += strip) {
    const int64_t n = to - i < strip ? to - i : strip;
    one_strip(p, bases, now, sums, i, n);
    for (int64_t k = 0; k < count; k++)
      if (p->operands[k].kind == CK_FLAT) now[k] += n;
  }
}

CK_AVX2 static void run_avx2(
  const ck_strip_program *p, double *const *bases, double *registers, double **now,
  ck_sum_state *sums, int64_t from, int64_t to) {
  run(p, bases, registers, now, sums, from, to);
}
static void run_plain(
  const ck_strip_program *p, double *const *bases, double *registers, double **now,
  ck_sum_state *sums, int64_t from, int64_t to) {
  run(p, bases, registers, now, sums, from, to);
}

void ck_strip_run(
  const ck_strip_program *p, double *const *bases, double *registers, double **now,
  ck_sum_state *sums, int64_t from, int64_t to) {
  if (ck_has_avx2_fma())
    run_avx2(p, bases, registers, now, sums, from, to);
  else
    run_plain(p, bases, registers, now, sums, from, to);
}
