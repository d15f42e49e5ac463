// Reductions, running sums, sorting, and moving elements about.
#include "Operations.h"
#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

static int better(int kind, double x, double best) {
  if (best != best) return 0;
  return x != x || (kind == CK_MAXIMUM_OF || kind == CK_ARGMAX_OF ? x > best : x < best);
}

static double neutral(int kind) {
  switch (kind) {
  case CK_SUM_OF: return 0;
  case CK_PRODUCT_OF: return 1;
  case CK_MAXIMUM_OF: return -INFINITY;
  case CK_MINIMUM_OF: return INFINITY;
  default: return NAN;
  }
}

static double fold_run(int kind, const double *x, int64_t n) {
  if (kind == CK_SUM_OF) return ck_sum(x, n);
  double result = neutral(kind);
  if (n == 0) return result;
  if (kind == CK_PRODUCT_OF) {
    for (int64_t i = 0; i < n; i++) result *= x[i];
    return result;
  }
  double best = x[0];
  int64_t place = 0;
  for (int64_t i = 1; i < n; i++)
    if (better(kind, x[i], best)) best = x[i], place = i;
  return kind == CK_MAXIMUM_OF || kind == CK_MINIMUM_OF ? best : (double)(place + 1);
}

#if defined(__x86_64__)

static const int64_t lanes[8] = {-1, -1, -1, -1, 0, 0, 0, 0};
// The first `left` of four lanes.
CK_AVX2 static inline __m256i first(int64_t left) {
  return _mm256_loadu_si256((const __m256i *)(lanes + 4 - left));
}

// Sums of short rows as `ck_sum` makes them: eight partials, which are never -0.
CK_AVX2 static void sum_short(const double *x, int64_t outer, int64_t n, double *out) {
  const int64_t left = n & 7;
  const __m256i low = first(left < 4 ? left : 4), high = first(left < 4 ? 0 : left - 4);
  for (int64_t o = 0; o < outer; o++, x += n) {
    __m256d p = _mm256_setzero_pd(), q = p;
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
      p = _mm256_add_pd(p, _mm256_loadu_pd(x + i));
      q = _mm256_add_pd(q, _mm256_loadu_pd(x + i + 4));
    }
    p = _mm256_add_pd(p, _mm256_maskload_pd(x + i, low));
    q = _mm256_add_pd(q, _mm256_maskload_pd(x + i + (left < 4 ? 0 : 4), high));
    const __m256d s = _mm256_add_pd(p, q);
    const __m128d t = _mm_add_pd(_mm256_castpd256_pd128(s), _mm256_extractf128_pd(s, 1));
    out[o] = _mm_cvtsd_f64(_mm_add_sd(t, _mm_unpackhi_pd(t, t)));
  }
}

// Largest or smallest elements of rows. Where NaN or the sign of zero matters, `fold_run` decides.
CK_AVX2 static void best_short(int kind, const double *x, int64_t outer, int64_t n, double *out) {
  const __m256i tail = first(n & 3);
  const __m256d sign = _mm256_set1_pd(kind == CK_MAXIMUM_OF ? 0.0 : -0.0);
  for (int64_t o = 0; o < outer; o++, x += n) {
    // The smallest of all is the largest of what is negated.
    __m256d best = _mm256_xor_pd(_mm256_loadu_pd(x), sign);
    __m256d bad = _mm256_cmp_pd(best, best, _CMP_UNORD_Q);
    int64_t i = 4;
    for (; i + 4 <= n; i += 4) {
      const __m256d y = _mm256_xor_pd(_mm256_loadu_pd(x + i), sign);
      bad = _mm256_or_pd(bad, _mm256_cmp_pd(y, y, _CMP_UNORD_Q));
      best = _mm256_max_pd(best, y);
    }
    if (n & 3) {
      const __m256d y = _mm256_blendv_pd(
        best, _mm256_xor_pd(_mm256_maskload_pd(x + i, tail), sign), _mm256_castsi256_pd(tail));
      bad = _mm256_or_pd(bad, _mm256_cmp_pd(y, y, _CMP_UNORD_Q));
      best = _mm256_max_pd(best, y);
    }
    __m128d t = _mm_max_pd(_mm256_castpd256_pd128(best), _mm256_extractf128_pd(best, 1));
    t = _mm_max_sd(t, _mm_unpackhi_pd(t, t));
    const double value = _mm_cvtsd_f64(_mm_xor_pd(t, _mm256_castpd256_pd128(sign)));
    out[o] = value == 0 || !_mm256_testz_pd(bad, bad) ? fold_run(kind, x, n) : value;
  }
}
#endif

// Whether many short rows were folded.
static int fold_short(int kind, const double *x, int64_t outer, int64_t n, double *out) {
#if defined(__x86_64__)
  if (!ck_has_avx2_fma()) return 0;
  if (kind == CK_SUM_OF && n > 0 && n <= CK_BLOCK) {
    sum_short(x, outer, n, out);
    return 1;
  }
  if ((kind == CK_MAXIMUM_OF || kind == CK_MINIMUM_OF) && n >= 4) {
    best_short(kind, x, outer, n, out);
    return 1;
  }
#endif
  return 0;
}

static void add_rows(const double *x, int64_t rows, int64_t inner, double *sum) {
  for (int64_t j = 0; j < inner; j++) sum[j] = 0;
  for (int64_t i = 0; i < rows; i++, x += inner)
    for (int64_t j = 0; j < inner; j++) sum[j] += x[j];
}

// Rows are added up in blocks of 512, then the blocks.
static void sum_rows(
  const double *x, int64_t length, int64_t inner, double *out, double *scratch) {
  const int64_t block = 512;
  add_rows(x, length < block ? length : block, inner, out);
  for (int64_t i = block; i < length; i += block) {
    add_rows(x + i * inner, length - i < block ? length - i : block, inner, scratch);
    for (int64_t j = 0; j < inner; j++) out[j] += scratch[j];
  }
}

void ck_reduce(
  int kind, const double *x, int64_t outer, int64_t length, int64_t inner, double *out,
  double *scratch) {
  if (inner == 1 && fold_short(kind, x, outer, length, out)) return;
  for (int64_t o = 0; o < outer; o++, x += length * inner, out += inner) {
    if (inner == 1) {
      out[0] = fold_run(kind, x, length);
    } else if (kind == CK_SUM_OF) {
      sum_rows(x, length, inner, out, scratch);
    } else {
      for (int64_t j = 0; j < inner; j++) out[j] = neutral(kind);
      if (length == 0) continue;
      if (kind == CK_PRODUCT_OF) {
        for (int64_t i = 0; i < length; i++)
          for (int64_t j = 0; j < inner; j++) out[j] *= x[i * inner + j];
        continue;
      }
      const int value = kind == CK_MAXIMUM_OF || kind == CK_MINIMUM_OF;
      double *best = value ? out : scratch;
      for (int64_t j = 0; j < inner; j++) best[j] = x[j];
      if (!value)
        for (int64_t j = 0; j < inner; j++) out[j] = 1;
      for (int64_t i = 1; i < length; i++)
        for (int64_t j = 0; j < inner; j++)
          if (better(kind, x[i * inner + j], best[j])) {
            best[j] = x[i * inner + j];
            if (!value) out[j] = (double)(i + 1);
          }
    }
  }
}

void ck_scan(
  const double *x, int64_t outer, int64_t length, int64_t inner, int reversed, double *out) {
  const int64_t size = length * inner;
  for (int64_t o = 0; o < outer; o++, x += size, out += size) {
    if (length == 0) continue;
    const int64_t first = reversed ? (length - 1) * inner : 0;
    const int64_t step = reversed ? -inner : inner;
    for (int64_t j = 0; j < inner; j++) out[first + j] = x[first + j];
    for (int64_t k = 1; k < length; k++) {
      const int64_t at = first + k * step;
      for (int64_t j = 0; j < inner; j++) out[at + j] = out[at - step + j] + x[at + j];
    }
  }
}

static int comes_after(double a, double b) { return a > b || (a != a && b == b); }

// Merging from the bottom up, on offsets kept as doubles.
void ck_order(const double *x, int64_t n, double *out, double *scratch) {
  double *from = scratch, *to = scratch + n;
  for (int64_t i = 0; i < n; i++) from[i] = (double)i;
  for (int64_t width = 1; width < n; width *= 2) {
    for (int64_t low = 0; low < n; low += 2 * width) {
      const int64_t middle = low + width < n ? low + width : n;
      const int64_t high = low + 2 * width < n ? low + 2 * width : n;
      int64_t a = low, b = middle;
      for (int64_t k = low; k < high; k++) {
        const int right = a == middle
          || (b < high && comes_after(x[(int64_t)from[a]], x[(int64_t)from[b]]));
        to[k] = right ? from[b++] : from[a++];
      }
    }
    double *other = from;
    from = to;
    to = other;
  }
  memcpy(out, from, (size_t)n * sizeof(double));
}

// x - x is 0 for finite numbers only.
static inline __attribute__((always_inline)) int all_finite(const double *x, int64_t n) {
  double test[16] = {0};
  int64_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (int k = 0; k < 16; k++) test[k] += x[i + k] - x[i + k];
  double sum = 0;
  for (; i < n; i++) sum += x[i] - x[i];
  for (int k = 0; k < 16; k++) sum += test[k];
  return sum == 0;
}
CK_AVX2 static int all_finite_avx2(const double *x, int64_t n) { return all_finite(x, n); }

int ck_all_finite(const double *x, int64_t n) {
  return n >= 64 && ck_has_avx2_fma() ? all_finite_avx2(x, n) : all_finite(x, n);
}

// MARK: Maps

typedef struct {
  int64_t index[CK_DIMENSIONS];
  int64_t at;
} place;

static void begin(place *p, const ck_map *map, int64_t from) {
  p->at = map->offset;
  for (int32_t k = map->dimensions - 1; k >= 0; k--) {
    p->index[k] = from % map->sizes[k];
    from /= map->sizes[k];
    p->at += p->index[k] * map->strides[k];
  }
}

// Moves `run` elements along the last dimension and into the next row at its end.
static inline void advance(place *p, const ck_map *map, int64_t run) {
  int32_t k = map->dimensions - 1;
  p->index[k] += run;
  p->at += run * map->strides[k];
  while (p->index[k] == map->sizes[k]) {
    p->at -= map->sizes[k] * map->strides[k];
    p->index[k] = 0;
    if (--k < 0) return;
    p->index[k]++;
    p->at += map->strides[k];
  }
}

void ck_map_read(double *d, const double *base, const ck_map *map, int64_t from, int64_t n) {
  const int32_t last = map->dimensions - 1;
  const int64_t size = map->sizes[last], stride = map->strides[last];
  place p;
  begin(&p, map, from);
  while (n > 0) {
    const int64_t left = size - p.index[last], run = left < n ? left : n;
    const double *x = base + p.at;
    if (stride == 1) {
      for (int64_t i = 0; i < run; i++) d[i] = x[i];
    } else if (stride == 0) {
      const double value = *x;
      for (int64_t i = 0; i < run; i++) d[i] = value;
    } else {
      for (int64_t i = 0; i < run; i++) d[i] = x[i * stride];
    }
    d += run;
    n -= run;
    advance(&p, map, run);
  }
}

void ck_map_write(
  double *base, const ck_map *map, const double *x, int step, int64_t n, int adds) {
  const int32_t last = map->dimensions - 1;
  const int64_t size = map->sizes[last], stride = map->strides[last];
  place p;
  begin(&p, map, 0);
  while (n > 0) {
    const int64_t left = size - p.index[last], run = left < n ? left : n;
    double *d = base + p.at;
    if (adds && stride == 1 && step == 1) {
      for (int64_t i = 0; i < run; i++) d[i] += x[i];
    } else if (adds) {
      for (int64_t i = 0; i < run; i++) d[i * stride] += x[i * step];
    } else {
      for (int64_t i = 0; i < run; i++) d[i * stride] = x[i * step];
    }
    x += run * step;
    n -= run;
    advance(&p, map, run);
  }
}

void ck_gather(const double *x, int64_t n, const double *index, int64_t count, double *out) {
  for (int64_t k = 0; k < count; k++) {
    const double at = index[k];
    out[k] = at > -1 && at < (double)n ? x[(int64_t)at] : NAN;
  }
}

void ck_scatter(
  const double *x, int step, const double *index, int64_t count, double *out, int64_t n,
  int adds) {
  for (int64_t k = 0; k < count; k++, x += step) {
    const double at = index[k];
    if (!(at > -1 && at < (double)n)) continue;
    if (adds)
      out[(int64_t)at] += *x;
    else
      out[(int64_t)at] = *x;
  }
}
