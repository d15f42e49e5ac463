// Loads UMFPACK on first use. Its functions take plain arrays; the prototypes are those of its user
// guide (T. A. Davis, "Algorithm 832: UMFPACK V4.3", ACM Trans. Math. Softw. 30 (2004)), versions 5
// and 6 alike. It chooses a symmetric or an unsymmetric strategy by itself.
#include "CSuiteSparse.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

typedef int (*Symbolic)(int, int, const int *, const int *, const double *, void **, const double *,
                        double *);
typedef int (*Numeric)(const int *, const int *, const double *, void *, void **, const double *,
                       double *);
typedef int (*Solve)(int, const int *, const int *, const double *, double *, const double *, void *,
                     const double *, double *);
typedef void (*Free)(void **);
// P. R. Amestoy, T. A. Davis, I. S. Duff, "Algorithm 837: AMD", ACM Trans. Math. Softw. 30 (2004).
typedef int (*Order)(int, const int *, const int *, int *, double *, double *);

static Symbolic symbolic;
static Numeric numeric;
static Solve solve;
static Free freeSymbolic, freeNumeric;
static Order orderByDegree;
static int isAvailable;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
  // The library brings a BLAS of its own choice; one thread, so that bits are always the same.
  setenv("OPENBLAS_NUM_THREADS", "1", 1);
  static const char *const files[] = {
      "libumfpack.so.6", "libumfpack.so.5", "libumfpack.so",
      "/opt/homebrew/opt/suite-sparse/lib/libumfpack.dylib",
      "/usr/local/opt/suite-sparse/lib/libumfpack.dylib", "libumfpack.dylib"};
  void *library = NULL;
  for (unsigned k = 0; k < sizeof files / sizeof *files && !library; k++) {
    library = dlopen(files[k], RTLD_NOW | RTLD_LOCAL);
  }
  if (!library) return;
  symbolic = (Symbolic)dlsym(library, "umfpack_di_symbolic");
  numeric = (Numeric)dlsym(library, "umfpack_di_numeric");
  solve = (Solve)dlsym(library, "umfpack_di_solve");
  freeSymbolic = (Free)dlsym(library, "umfpack_di_free_symbolic");
  freeNumeric = (Free)dlsym(library, "umfpack_di_free_numeric");
  orderByDegree = (Order)dlsym(library, "amd_order");
  isAvailable = symbolic && numeric && solve && freeSymbolic && freeNumeric;
}

int sparse_available(void) {
  pthread_once(&once, load);
  return isAvailable;
}

// UMFPACK's status codes and its name for the transposed system.
enum { infoCount = 90, infoCondition = 67 };
enum { fine = 0, singular = 1, outOfMemory = -1, systemOfTranspose = 1 };

static int result(int status) {
  return status == fine          ? 0
         : status == singular    ? SPARSE_SINGULAR
         : status == outOfMemory ? SPARSE_NO_MEMORY
                                 : SPARSE_FAILED;
}

int sparse_solve(int n, const int *starts, const int *indices, const double *values, int right,
                 const double *b, double *x, double *condition) {
  if (!sparse_available()) return SPARSE_NO_LIBRARY;
  // Compressed rows are the compressed columns of the transpose, and that is what is factored.
  double info[infoCount];
  void *order = NULL, *factors = NULL;
  int status = symbolic(n, n, starts, indices, values, &order, NULL, NULL);
  if (status == fine) status = numeric(starts, indices, values, order, &factors, NULL, info);
  *condition = status == fine ? info[infoCondition] : 0;
  for (int k = 0; k < right && status == fine; k++) {
    status = solve(systemOfTranspose, starts, indices, values, x + (long)k * n, b + (long)k * n,
                   factors, NULL, NULL);
  }
  if (factors) freeNumeric(&factors);
  if (order) freeSymbolic(&order);
  return result(status);
}

int sparse_order(int n, const int *starts, const int *indices, int *order) {
  sparse_available();
  if (!orderByDegree) return SPARSE_NO_LIBRARY;
  int status = orderByDegree(n, starts, indices, order, NULL, NULL);
  return status == fine || status == singular ? 0 : SPARSE_FAILED;
}
