/// Loops over plain memory that Swift cannot compile for a processor found out at run time.
#pragma once
#include <stdint.h>

/// Whether this processor has AVX2 and FMA.
int ck_has_avx2_fma(void);

/// Relaxed atomic access to an interruption flag.
static inline int ck_atomic_load(const int *p) { return __atomic_load_n(p, __ATOMIC_RELAXED); }
static inline void ck_atomic_store(int *p, int v) { __atomic_store_n(p, v, __ATOMIC_RELAXED); }
/// Adds and gives the value before.
static inline int64_t ck_atomic_add(int64_t *p, int64_t v) { return __atomic_fetch_add(p, v, __ATOMIC_RELAXED); }

// MARK: Operations of tapes and strips

/// The first four are for tapes only, those from CK_MAP on for strips only. In
/// CK_ADD_MUL the sum of the first two operands is multiplied by the third; CK_FROM_ADD takes it
/// from the third.
enum {
  CK_START, CK_LOAD, CK_STORE, CK_INCREASE,
  CK_NEG, CK_SQRT, CK_ABS, CK_SIGN, CK_FLOOR, CK_CEIL, CK_NOT, CK_RELU, CK_COPY,
  CK_ADD, CK_SUB, CK_MUL, CK_DIV, CK_MIN, CK_MAX,
  CK_LT, CK_LE, CK_GT, CK_GE, CK_EQ, CK_NE, CK_AND, CK_OR,
  CK_FMA, CK_FMS, CK_FNMA,
  CK_MUL_MUL, CK_ADD_MUL, CK_SUB_MUL, CK_ADD_ADD, CK_SUB_ADD, CK_ADD_SUB, CK_SUB_SUB,
  CK_FROM_ADD, CK_FROM_SUB, CK_SELECT,
  CK_CALL1, CK_CALL2, CK_CALL3,
  CK_MAP, CK_FILL, CK_PACKED1, CK_PACKED2, CK_SUM, CK_DOT, CK_PLACE, CK_CLEAR
};

/// Runs a tape: words [operation, count, operands…] where each result goes to the next place after
/// the one that the last CK_START named. `bases[b]` is where array `b` begins, `w` the places.
void ck_tape_run(
  const int32_t *code, const int32_t *end, double *w, const double *const *bases,
  const void *const *functions);

// MARK: Strips

/// A strip is at most this long; the length a program uses divides a block of a sum.
enum { CK_STRIP = 512, CK_BLOCK = 4096, CK_DIMENSIONS = 24, CK_CARRIED = 1024 };

/// Where an operand lies.
enum { CK_REGISTER, CK_PINNED, CK_FLAT };
typedef struct {
  int32_t kind;
  int32_t base;    // of CK_PINNED and CK_FLAT
  int64_t offset;  // in doubles; of CK_REGISTER: the register
} ck_operand;

/// Elements of an array that do not lie in order.
typedef struct {
  int32_t base, dimensions;
  int64_t offset;
  const int64_t *sizes, *strides;
} ck_map;

/// `mode`: bit k says that operand k is one number for all elements.
typedef struct {
  int32_t op, mode, d, a, b, c;
  const void *function;
} ck_strip_op;

/// A sum in the making: 8 partials of the current block, and finished blocks in a binary tree.
typedef struct {
  double partial[8];
  double stack[56];
  int64_t blocks, filled;
} ck_sum_state;

typedef struct {
  const ck_strip_op *ops;
  const ck_operand *operands;
  const ck_map *maps;
  int64_t op_count, operand_count, strip;
} ck_strip_program;

/// Runs elements `from ..< to` of a strip program. `now` holds a pointer per operand.
void ck_strip_run(
  const ck_strip_program *program, double *const *bases, double *registers, double **now,
  ck_sum_state *sums, int64_t from, int64_t to);

void ck_sum_begin(ck_sum_state *s);
/// Notes that the partials hold `n` more elements, which do not cross the end of a block.
void ck_sum_advance(ck_sum_state *s, int64_t n);
double ck_sum_end(ck_sum_state *s);

/// The packed kernel for the function called `name`, or null. Sets `arity` to 1 or 2.
const void *ck_packed(const char *name, int *arity);
/// d[i] = f(a[i]); d[i] = f(a[i], b[i]).
typedef void (*ck_packed1)(double *d, const double *a, int64_t n);
typedef void (*ck_packed2)(double *d, const double *a, const double *b, int64_t n);

/// tanh, where there are AVX2 and FMA, and the numbers of which it is made: see Tanh.c.
enum { CK_TANH_COUNT = 15 };
void ck_tanh(double *d, const double *a, int64_t n);
const double *ck_tanh_table(void);

/// The function of four numbers in a register, of the C library's vector companion, or null.
const void *ck_vector(const char *name, int *arity);

// MARK: Native code

/// Maps `size` bytes of one new memory twice, to write and to execute. Returns its descriptor, or
/// -1 where that is not allowed.
int ck_code_map(int64_t size, void **writable, void **executable);
/// Gives whole pages in a stretch back to the system.
void ck_code_discard(int file, int64_t offset, int64_t size);

/// An elementwise loop that is run as generated code, block by block. The elements of maps are
/// copied to buffers of a block each first; the first `carried` numbers are zero at the start. If
/// `checks` is set, the last four of them are zero in the end unless some output is not finite.
typedef struct {
  int64_t count, block, sum_count, carried, map_count, checks;
  const ck_map *const *maps;
} ck_native_step;

/// Returns 0 if it was stopped.
int ck_native_strip(
  const void *code, const ck_native_step *step, double *const *bases, double *buffers,
  ck_sum_state *sums, double *carried, const int *stop);
/// Turns `from` up to but not including `to` of a loop, in either direction.
static inline void ck_native_loop(
  const void *code, double *w, double *const *bases, int64_t from, int64_t to) {
  ((void (*)(double *, double *const *, int64_t, int64_t))code)(w, bases, from, to);
}

static inline void ck_native_tape(const void *code, double *w, double *const *bases) {
  ((void (*)(double *, double *const *))code)(w, bases);
}

/// Whether n numbers are finite.
int ck_all_finite(const double *x, int64_t n);

// MARK: Products

/// out (m×n, row by row) = A B, where A(i, l) is a[i ai + l al] and B(l, j) is b[l bl + j bj]. With
/// `upper`, what lies below the diagonal may be left as it is. Returns 0 and does nothing where it has
/// no fast way: another processor, or a wide B with bj ≠ 1.
int ck_product(
  const double *a, int64_t ai, int64_t al, const double *b, int64_t bl, int64_t bj, int64_t m,
  int64_t k, int64_t n, int upper, double *out);

// MARK: Arrays

/// The sum of n numbers in the fixed order.
double ck_sum(const double *x, int64_t n);

enum { CK_SUM_OF, CK_PRODUCT_OF, CK_MAXIMUM_OF, CK_MINIMUM_OF, CK_ARGMAX_OF, CK_ARGMIN_OF };
/// Folds the middle dimension of x[outer][length][inner]. `scratch`: inner numbers.
void ck_reduce(
  int kind, const double *x, int64_t outer, int64_t length, int64_t inner, double *out,
  double *scratch);
/// Running sums along the middle dimension of x[outer][length][inner].
void ck_scan(
  const double *x, int64_t outer, int64_t length, int64_t inner, int reversed, double *out);
/// Offsets that sort x ascending, stably, NaN last. `scratch`: 2 n numbers.
void ck_order(const double *x, int64_t n, double *out, double *scratch);

/// d[k] = the elements of `base` at the map, from element `from` on.
void ck_map_read(double *d, const double *base, const ck_map *map, int64_t from, int64_t n);
/// The element k of the map becomes x[k * step], or x[k * step] is added to it.
void ck_map_write(double *base, const ck_map *map, const double *x, int step, int64_t n, int adds);
/// The largest distance of what is woven.
enum { CK_STRANDS = 8 };
/// `count` numbers, `step` (0 or 1) apart in memory, that are added at places `start`, `start` +
/// stride, … of an array.
typedef struct {
  int32_t base, step;
  int64_t offset, start, count;
} ck_strand;
/// An array of `size` numbers that are sums of strands, in their order and from 0.
typedef struct {
  const ck_strand *strands;
  int64_t count, stride, size, offset;
  int32_t base;
} ck_weave;
void ck_weave_run(const ck_weave *w, double *const *bases);
/// out[k] = x[index[k]]; NaN where the index is out of range.
void ck_gather(const double *x, int64_t n, const double *index, int64_t count, double *out);
/// out[index[k]] += x[k * step]; ignored where the index is out of range.
void ck_scatter(
  const double *x, int step, const double *index, int64_t count, double *out, int64_t n,
  int adds);
