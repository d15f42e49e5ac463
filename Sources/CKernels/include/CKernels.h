#pragma once
/// Whether this processor has AVX2 and FMA.
int ck_has_avx2_fma(void);

/// Relaxed atomic access to an interruption flag.
static inline int ck_atomic_load(const int *p) { return __atomic_load_n(p, __ATOMIC_RELAXED); }
static inline void ck_atomic_store(int *p, int v) { __atomic_store_n(p, v, __ATOMIC_RELAXED); }
