// Products of matrices of which one side is narrow: what a general library is slow at.
#include "Operations.h"
#include <string.h>

#if defined(__x86_64__)

typedef double v4d __attribute__((vector_size(32), aligned(8), may_alias));

// Columns are taken `4 V` at a time, rows R at a time; the R V sums stay in registers while the
// length is walked in stretches of DEEP. Each element of the product is the sum of a stretch, fused
// and in order, added to those before: the same bits wherever the element lies.
enum { DEEP = 64, TALL = 48, PANELS = 4096 };

#define TILE(R, V)                                                                            \
  CK_AVX2 static void tile_##R##_##V(                                                         \
    const double *a, int64_t ai, int64_t al, const double *b, int64_t bl, int64_t deep,       \
    double *out, int64_t n, int64_t columns, int first) {                                     \
    v4d s[R][V];                                                                              \
    _Pragma("unroll") for (int r = 0; r < R; r++)                                             \
      _Pragma("unroll") for (int v = 0; v < V; v++) s[r][v] = (v4d){0, 0, 0, 0};              \
    for (int64_t l = 0; l < deep; l++, a += al, b += bl) {                                    \
      v4d y[V];                                                                               \
      _Pragma("unroll") for (int v = 0; v < V; v++) y[v] = *(const v4d *)(b + 4 * v);         \
      _Pragma("unroll") for (int r = 0; r < R; r++) {                                         \
        const double x = a[r * ai];                                                           \
        const v4d xs = {x, x, x, x};                                                          \
        _Pragma("unroll") for (int v = 0; v < V; v++)                                         \
          s[r][v] = __builtin_elementwise_fma(xs, y[v], s[r][v]);                             \
      }                                                                                       \
    }                                                                                         \
    _Pragma("unroll") for (int r = 0; r < R; r++, out += n) {                                 \
      if (columns == 4 * V) {                                                                 \
        _Pragma("unroll") for (int v = 0; v < V; v++) {                                       \
          v4d *to = (v4d *)(out + 4 * v);                                                     \
          *to = first ? s[r][v] : *to + s[r][v];                                              \
        }                                                                                     \
      } else {                                                                                \
        const double *from = (const double *)s[r];                                            \
        for (int64_t j = 0; j < columns; j++) out[j] = first ? from[j] : out[j] + from[j];    \
      }                                                                                       \
    }                                                                                         \
  }
TILE(6, 2) TILE(4, 2) TILE(2, 2) TILE(1, 2)
TILE(3, 3) TILE(1, 3)
TILE(8, 1) TILE(4, 1) TILE(2, 1) TILE(1, 1)

#define ROWS(R, V)                                                                            \
  for (; rows >= R; rows -= R, a += R * ai, out += R * n)                                     \
    tile_##R##_##V(a, ai, al, b, bl, deep, out, n, columns, first);

static void panel(
  int64_t rows, const double *a, int64_t ai, int64_t al, const double *b, int64_t bl,
  int64_t deep, double *out, int64_t n, int64_t columns, int vectors, int first) {
  if (vectors == 3) {
    ROWS(3, 3) ROWS(1, 3)
  } else if (vectors == 2) {
    ROWS(6, 2) ROWS(4, 2) ROWS(2, 2) ROWS(1, 2)
  } else {
    ROWS(8, 1) ROWS(4, 1) ROWS(2, 1) ROWS(1, 1)
  }
}

// How many columns, in fours, the panel of the `left` columns that are left has.
static int width(int64_t left) {
  const int64_t fours = (left + 3) / 4;
  return fours == 1 ? 1 : fours == 3 || fours == 5 ? 3 : 2;
}

// b's rows of a stretch and `columns` columns, four by four, filled up with zeros.
static void pack(
  const double *b, int64_t bl, int64_t bj, int64_t deep, int64_t columns, int vectors,
  double *to) {
  for (int64_t l = 0; l < deep; l++, b += bl, to += 4 * vectors) {
    int64_t j = 0;
    for (; j < columns; j++) to[j] = b[j * bj];
    for (; j < 4 * vectors; j++) to[j] = 0;
  }
}

int ck_product(
  const double *a, int64_t ai, int64_t al, const double *b, int64_t bl, int64_t bj, int64_t m,
  int64_t k, int64_t n, int upper, double *out) {
  if (!ck_has_avx2_fma() || k == 0 || (bj != 1 && n > PANELS / DEEP - 12)) return 0;
  double panels[PANELS] __attribute__((aligned(32)));
  for (int64_t l = 0; l < k; l += DEEP) {
    const int64_t deep = k - l < DEEP ? k - l : DEEP;
    const double *bs = b + l * bl;
    double *next = panels;
    for (int64_t j = 0; j < n;) {
      const int v = width(n - j);
      const int64_t columns = n - j < 4 * v ? n - j : 4 * v;
      if (bj != 1 || columns < 4 * v) {
        pack(bs + j * bj, bl, bj, deep, columns, v, next);
        next += deep * 4 * v;
      }
      j += columns;
    }
    for (int64_t i = 0; i < m; i += TALL) {
      const int64_t rows = m - i < TALL ? m - i : TALL;
      next = panels;
      for (int64_t j = 0; j < n;) {
        const int v = width(n - j);
        const int64_t columns = n - j < 4 * v ? n - j : 4 * v;
        const int packed = bj != 1 || columns < 4 * v;
        const int64_t above = upper && j + columns - i < rows ? j + columns - i : rows;
        panel(
          above, a + i * ai + l * al, ai, al, packed ? next : bs + j, packed ? 4 * v : bl, deep,
          out + i * n + j, n, columns, v, l == 0);
        if (packed) next += deep * 4 * v;
        j += columns;
      }
    }
  }
  return 1;
}

#else

int ck_product(
  const double *a, int64_t ai, int64_t al, const double *b, int64_t bl, int64_t bj, int64_t m,
  int64_t k, int64_t n, int upper, double *out) {
  return 0;
}

#endif
