// Arrays laid into each other: one element of each in turn.
#include "Operations.h"
#pragma STDC FP_CONTRACT OFF

#define INLINE static inline __attribute__((always_inline))
typedef double v4d __attribute__((vector_size(32), aligned(8), may_alias));

// Rows are taken so many at a time that the sums of a block stay in the nearest cache.
enum { ROWS = 256 };

// d[k] = x[k step] + 0, or added to d[k].
INLINE void put(double *d, const double *x, int step, int64_t n, int first) {
  if (step == 0) {
    const double c = *x;
    if (first)
      for (int64_t k = 0; k < n; k++) d[k] = c + 0.0;
    else
      for (int64_t k = 0; k < n; k++) d[k] += c;
  } else {
    if (first)
      for (int64_t k = 0; k < n; k++) d[k] = x[k] + 0.0;
    else
      for (int64_t k = 0; k < n; k++) d[k] += x[k];
  }
}

// The sums of the elements at places `phase`, `phase` + stride, … of rows from..from + n, without a
// number that belongs to all of them: where they already lie, or in `buffer`. A sum of two does not
// depend on their order, so one array and one number need no buffer.
INLINE const double *column(
  const ck_weave *w, int64_t phase, double *const *bases, int64_t from, int64_t n, double *buffer,
  double *number) {
  const double *only = 0, *repeated = 0;
  int found = 0, parts = 0;
  for (int64_t k = 0; k < w->count; k++) {
    const ck_strand *s = w->strands + k;
    const int64_t row = s->start / w->stride;
    if (s->start - row * w->stride != phase || row >= from + n || row + s->count <= from) continue;
    parts++;
    if (row > from || row + s->count < from + n) continue;
    if (s->step == 0)
      repeated = bases[s->base] + s->offset;
    else
      only = bases[s->base] + s->offset + (from - row);
    found++;
  }
  if (parts == found && only && found == 1 + (repeated != 0)) {
    *number = repeated ? *repeated + 0.0 : 0.0;
    return only;
  }
  *number = 0;
  int begun = 0;
  for (int64_t k = 0; k < w->count; k++) {
    const ck_strand *s = w->strands + k;
    const int64_t row = s->start / w->stride;
    if (s->start - row * w->stride != phase) continue;
    const int64_t low = row > from ? row : from;
    const int64_t end = row + s->count < from + n ? row + s->count : from + n;
    if (low >= end) continue;
    const int whole = low == from && end == from + n;
    if (!begun && !whole)
      for (int64_t i = 0; i < n; i++) buffer[i] = 0;
    put(
      buffer + (low - from), bases[s->base] + s->offset + (low - row) * s->step, s->step, end - low,
      !begun && whole);
    begun = 1;
  }
  if (!begun)
    for (int64_t i = 0; i < n; i++) buffer[i] = 0;
  return buffer;
}

#define LOAD(q) (*(const v4d *)(x[q] + i) + c##q)
#define SPREAD(q) const v4d c##q = {c[q], c[q], c[q], c[q]};
INLINE void interleave(
  double *out, const double *const *x, const double *c, int64_t stride, int64_t n) {
  int64_t i = 0;
  if (stride == 2) {
    SPREAD(0) SPREAD(1)
    for (; i + 4 <= n; i += 4, out += 8) {
      const v4d a = LOAD(0), b = LOAD(1);
      *(v4d *)out = __builtin_shufflevector(a, b, 0, 4, 1, 5);
      *(v4d *)(out + 4) = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    }
  } else if (stride == 3) {
    SPREAD(0) SPREAD(1) SPREAD(2)
    for (; i + 4 <= n; i += 4, out += 12) {
      const v4d a = LOAD(0), b = LOAD(1), d = LOAD(2);
      const v4d ab = __builtin_shufflevector(a, b, 0, 4, 1, 5);
      const v4d bc = __builtin_shufflevector(b, d, 1, 5, 2, 6);
      const v4d last = __builtin_shufflevector(a, b, 3, 7, 2, 6);
      *(v4d *)out = __builtin_shufflevector(ab, d, 0, 1, 4, 2);
      *(v4d *)(out + 4) = __builtin_shufflevector(bc, a, 0, 1, 6, 2);
      *(v4d *)(out + 8) = __builtin_shufflevector(last, d, 6, 0, 1, 7);
    }
  }
  for (; i < n; i++)
    for (int64_t q = 0; q < stride; q++) *out++ = x[q][i] + c[q];
}

INLINE void weave(const ck_weave *w, double *const *bases) {
  double buffers[CK_STRANDS][ROWS];
  const double *x[CK_STRANDS];
  double c[CK_STRANDS];
  double *out = bases[w->base] + w->offset;
  const int64_t stride = w->stride, rows = w->size / stride, rest = w->size % stride;
  for (int64_t from = 0; from < rows; from += ROWS) {
    const int64_t n = rows - from < ROWS ? rows - from : ROWS;
    for (int64_t q = 0; q < stride; q++) x[q] = column(w, q, bases, from, n, buffers[q], c + q);
    interleave(out + from * stride, x, c, stride, n);
  }
  for (int64_t q = 0; q < rest; q++) {
    const double *last = column(w, q, bases, rows, 1, buffers[q], c);
    out[rows * stride + q] = *last + *c;
  }
}

CK_AVX2 static void weave_avx2(const ck_weave *w, double *const *bases) { weave(w, bases); }
static void weave_plain(const ck_weave *w, double *const *bases) { weave(w, bases); }

void ck_weave_run(const ck_weave *w, double *const *bases) {
  if (ck_has_avx2_fma())
    weave_avx2(w, bases);
  else
    weave_plain(w, bases);
}
