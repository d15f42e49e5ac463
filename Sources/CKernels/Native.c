// What generated code needs beside itself: memory that may be executed, and the loop over blocks.
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "CKernels.h"
#include <string.h>

#if defined(__x86_64__) && defined(__linux__)
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int ck_code_map(int64_t size, void **writable, void **executable) {
  const int file = memfd_create("optrepl-code", MFD_CLOEXEC);
  if (file < 0) return -1;
  if (ftruncate(file, (off_t)size) == 0) {
    void *w = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    void *x = mmap(NULL, (size_t)size, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
    if (w != MAP_FAILED && x != MAP_FAILED) {
      *writable = w;
      *executable = x;
      return file;
    }
    if (w != MAP_FAILED) munmap(w, (size_t)size);
    if (x != MAP_FAILED) munmap(x, (size_t)size);
  }
  close(file);
  return -1;
}

void ck_code_discard(int file, int64_t offset, int64_t size) {
  const int64_t page = 4096, from = (offset + page - 1) & -page, to = (offset + size) & -page;
  if (from < to) fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, to - from);
}

#else

int ck_code_map(int64_t size, void **writable, void **executable) { return -1; }
void ck_code_discard(int file, int64_t offset, int64_t size) {}

#endif

typedef void (*strip_code)(
  double *const *bases, ck_sum_state *sums, double *carried, int64_t from, int64_t to,
  const double *buffers);

int ck_native_strip(
  const void *code, const ck_native_step *s, double *const *bases, double *buffers,
  ck_sum_state *sums, double *carried, const int *stop) {
  const strip_code run = (strip_code)code;
  memset(carried, 0, (size_t)s->carried * sizeof(double));
  for (int64_t k = 0; k < s->sum_count; k++) ck_sum_begin(sums + k);
  for (int64_t from = 0; from < s->count; from += s->block) {
    const int64_t rest = s->count - from, n = rest < s->block ? rest : s->block;
    for (int64_t k = 0; k < s->map_count; k++) {
      const ck_map *map = s->maps[k];
      ck_map_read(buffers + k * s->block, bases[map->base], map, from, n);
    }
    run(bases, sums, carried, from, from + n, buffers - from);
    for (int64_t k = 0; k < s->sum_count; k++) ck_sum_advance(sums + k, n);
    if (stop && ck_atomic_load(stop)) return 0;
  }
  return 1;
}
