// The hyperbolic tangent of four numbers at a time, of plain operations only: generated code writes
// the same ones into its loops (`Lowering.tanh`), so that both give the same bits.
//
// With a = |x|: t = exp(2a) - 1 as 2ⁿ (p + 1) - 1, where 2a = n log 2 + r and p = exp(r) - 1 is a
// polynomial on |r| ≤ (log 2)/2; then tanh a = t/(t + 2). This keeps small numbers exact and is 1
// from a = 19.1 on. The largest error seen is 2.5 units in the last place.
#include "Operations.h"
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)
#include <immintrin.h>

// r⁻² (exp(r) - 1 - r) at ten Chebyshev points of the interval, from the highest power down.
static const double table[CK_TANH_COUNT] = {
  // Beyond this tanh is 1; 1/log 2; 1.5·2⁵² + 1023, which rounds and makes exponents; log 2 in two.
  20, 0x1.71547652b82fep+0, 6755399441056767.0, 0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56,
  0x1.af38a9b0ec855p-26, 0x1.289185613a3d6p-22, 0x1.71de0dae63bb3p-19, 0x1.a019b90d2ae7ap-16,
  0x1.a01a01a7c41d5p-13, 0x1.6c16c1788bd90p-10, 0x1.11111111109b3p-7, 0x1.5555555553d63p-5,
  0x1.5555555555556p-3, 0x1.0000000000001p-1,
};

const double *ck_tanh_table(void) { return table; }

CK_AVX2 static inline __m256d tanh4(__m256d x) {
#define NUMBER(k) _mm256_set1_pd(table[k])
  const __m256d sign = _mm256_set1_pd(-0.0);
  const __m256d a = _mm256_min_pd(NUMBER(0), _mm256_andnot_pd(sign, x));
  const __m256d y = _mm256_add_pd(a, a);
  const __m256d z = _mm256_fmadd_pd(y, NUMBER(1), NUMBER(2));
  const __m256d n = _mm256_sub_pd(z, NUMBER(2));
  const __m256d r = _mm256_fnmadd_pd(n, NUMBER(4), _mm256_fnmadd_pd(n, NUMBER(3), y));
  const __m256d s = _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(z), 52));
  __m256d q = NUMBER(5);
  for (int k = 6; k < CK_TANH_COUNT; k++) q = _mm256_fmadd_pd(q, r, NUMBER(k));
  const __m256d p = _mm256_fmadd_pd(_mm256_mul_pd(r, r), q, r);
  const __m256d t = _mm256_fmadd_pd(s, p, _mm256_sub_pd(s, _mm256_set1_pd(1)));
  const __m256d result = _mm256_div_pd(t, _mm256_add_pd(t, _mm256_set1_pd(2)));
  return _mm256_or_pd(result, _mm256_and_pd(sign, x));
#undef NUMBER
}

CK_AVX2 void ck_tanh(double *d, const double *a, int64_t n) {
  int64_t i = 0;
  for (; i + 4 <= n; i += 4) _mm256_storeu_pd(d + i, tanh4(_mm256_loadu_pd(a + i)));
  if (i == n) return;
  double x[4] = {1, 1, 1, 1};
  for (int64_t k = 0; k < n - i; k++) x[k] = a[i + k];
  _mm256_storeu_pd(x, tanh4(_mm256_loadu_pd(x)));
  for (int64_t k = 0; k < n - i; k++) d[i + k] = x[k];
}

#else

void ck_tanh(double *d, const double *a, int64_t n) {}
const double *ck_tanh_table(void) { return 0; }

#endif
