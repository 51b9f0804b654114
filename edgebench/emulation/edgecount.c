/* A plugin of QEMU's TCG (API version 1) that counts executed AArch64 instructions by class between two marks of the
 * guest, and simulates data caches of 64-byte lines. The guest marks with prctl(MARK, phase), which does nothing else.
 * Options: out=FILE (one JSON line a mark), cache=KIBxWAYS[:KIBxWAYS...] (L1D first).
 * Encodings: Arm Architecture Reference Manual, C4.1. Own declarations: QEMU's header need not be installed. */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK 0x45444745 /* "EDGE" */
#define PRCTL 167       /* number of the system call on aarch64 */
#define LEVELS 3
#define LINE 6 /* bits */

typedef uint64_t plugin_id;
typedef uint32_t mem_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int, void *, uint64_t);
extern void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, void (*)(unsigned, mem_info, uint64_t, void *),
                                             int, int, void *);
extern void qemu_plugin_register_vcpu_syscall_cb(plugin_id, void (*)(plugin_id, unsigned, int64_t, uint64_t, uint64_t,
                                                                     uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                                                     uint64_t));
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
extern unsigned qemu_plugin_mem_size_shift(mem_info);
__attribute__((visibility("default"))) int qemu_plugin_version = 1;

enum class { BRANCH, LOAD, STORE, VLOAD, VSTORE, INT, IMUL, FP, FMA, FVEC, DOT, VMUL, VECTOR, OTHER, CLASSES };
static const char *const NAMES[CLASSES] = {"branch", "load",    "store",   "vload", "vstore",  "int",    "imul",
                                           "fp",     "fp_fma", "fp_vector", "dot",   "int_mul", "vector", "other"};

static bool is(uint32_t word, uint32_t mask, uint32_t value) { return (word & mask) == value; }

static enum class memory(uint32_t w) {
    bool vector = w >> 26 & 1, load;
    switch (w >> 27 & 7) {
    case 7: /* one register */
        if (is(w, 0x03200c00, 0x00200000)) return OTHER; /* atomic */
        if (!vector && (w >> 22 & 3) == 2 && w >> 30 == 3) return OTHER; /* prefetch */
        load = vector ? w >> 22 & 1 : (w >> 22 & 3) != 0;
        break;
    case 3: load = true; break;          /* literal */
    default: load = w >> 22 & 1; break; /* pairs, exclusive, structures */
    }
    return vector ? (load ? VLOAD : VSTORE) : (load ? LOAD : STORE);
}

static enum class vector(uint32_t w) {
    if (is(w, 0x5f000000, 0x1e000000) || is(w, 0x5f000000, 0x1f000000)) return FP;
    if (is(w, 0x9f20fc00, 0x0e009400) || is(w, 0x9f00f400, 0x0f00e000)) return DOT; /* SDOT, UDOT */
    if (is(w, 0xbf20fc00, 0x0e20cc00) || is(w, 0xbf80f400, 0x0f801000) || is(w, 0xbf80f400, 0x0f805000)) return FMA;
    static const uint32_t products[][2] = {
        {0x9f20fc00, 0x0e208000}, {0x9f20dc00, 0x0e208000}, {0x9f20fc00, 0x0e20c000}, {0x9f20fc00, 0x0e209400},
        {0x9f20fc00, 0x0e209c00}, {0x9f20fc00, 0x0e20b400}, {0x9f00f400, 0x0f002000}, {0x9f00f400, 0x0f00a000},
        {0x9f00f400, 0x0f008000}, {0x9f00f400, 0x0f00c000}, {0x9f00f400, 0x0f00d000}, {0xbf00f400, 0x2f000000}};
    for (size_t i = 0; i < sizeof products / sizeof *products; i++)
        if (is(w, products[i][0], products[i][1])) return VMUL;
    return is(w, 0x9f20c400, 0x0e20c400) && (w >> 11 & 31) >= 0x18 ? FVEC : VECTOR;
}

static enum class classify(uint32_t w) {
    uint32_t group = w >> 25 & 15;
    if ((group & 14) == 10) return BRANCH;
    if ((group & 5) == 4) return memory(w);
    if ((group & 14) == 8) return INT; /* immediate */
    if ((group & 7) == 5) return is(w, 0x1f000000, 0x1b000000) || is(w, 0x5fe00000, 0x1ac00000) ? IMUL : INT;
    if ((group & 7) == 7) return vector(w);
    return OTHER;
}

/* A translated block, and how often it ran; blocks are never freed, so that a pointer to the count stays good. */
struct block {
    uint64_t runs, before; /* at the last mark */
    uint16_t of[CLASSES];
    struct block *next;
};

struct cache {
    uint64_t sets, ways, *lines, *used, clock, misses;
};

static struct block *blocks;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct cache caches[LEVELS];
static int levels;
static FILE *out;

static bool hit(struct cache *cache, uint64_t line) {
    uint64_t first = line % cache->sets * cache->ways, oldest = first;
    cache->clock++;
    for (uint64_t i = first; i < first + cache->ways; i++) {
        if (cache->lines[i] == line + 1) {
            cache->used[i] = cache->clock;
            return true;
        }
        if (cache->used[i] < cache->used[oldest]) oldest = i;
    }
    cache->misses++;
    cache->lines[oldest] = line + 1;
    cache->used[oldest] = cache->clock;
    return false;
}

static void access(unsigned cpu, mem_info info, uint64_t address, void *unused) {
    uint64_t last = (address + (1u << qemu_plugin_mem_size_shift(info)) - 1) >> LINE;
    for (uint64_t line = address >> LINE; line <= last; line++)
        for (int level = 0; level < levels && !hit(&caches[level], line); level++);
}

static void translate(plugin_id id, struct qemu_plugin_tb *tb) {
    struct block *block = calloc(1, sizeof *block);
    size_t count = qemu_plugin_tb_n_insns(tb);
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(tb, i);
        uint32_t word;
        memcpy(&word, qemu_plugin_insn_data(instruction), sizeof word);
        enum class kind = classify(word);
        block->of[kind]++;
        if (levels && kind >= LOAD && kind <= VSTORE)
            qemu_plugin_register_vcpu_mem_cb(instruction, access, 0, 3, NULL);
    }
    pthread_mutex_lock(&lock);
    block->next = blocks;
    blocks = block;
    pthread_mutex_unlock(&lock);
    qemu_plugin_register_vcpu_tb_exec_inline(tb, 0, &block->runs, 1);
}

static void mark(uint64_t phase) {
    uint64_t of[CLASSES] = {0}, total = 0;
    pthread_mutex_lock(&lock);
    for (struct block *block = blocks; block; block = block->next) {
        uint64_t runs = block->runs - block->before;
        block->before = block->runs;
        for (int i = 0; i < CLASSES && runs; i++) of[i] += runs * block->of[i];
    }
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < CLASSES; i++) total += of[i];
    fprintf(out, "{\"phase\": %llu, \"total\": %llu", (unsigned long long)phase, (unsigned long long)total);
    for (int i = 0; i < CLASSES; i++) fprintf(out, ", \"%s\": %llu", NAMES[i], (unsigned long long)of[i]);
    for (int i = 0; i < levels; i++) {
        fprintf(out, ", \"l%d_misses\": %llu", i + 1, (unsigned long long)caches[i].misses);
        caches[i].misses = 0;
    }
    fprintf(out, "}\n");
    fflush(out);
}

static void system_call(plugin_id id, unsigned cpu, int64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                        uint64_t e, uint64_t f, uint64_t g, uint64_t h) {
    if (number == PRCTL && a == MARK) mark(b);
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv) {
    for (int i = 0; i < argc; i++) {
        if (!strncmp(argv[i], "out=", 4)) out = fopen(argv[i] + 4, "w");
        if (strncmp(argv[i], "cache=", 6)) continue;
        for (char *text = argv[i] + 6; levels < LEVELS; text++) {
            unsigned kib, ways;
            if (sscanf(text, "%ux%u", &kib, &ways) != 2 || !ways) return 1;
            struct cache *cache = &caches[levels++];
            cache->ways = ways;
            cache->sets = kib * 1024ull / (1 << LINE) / ways;
            cache->lines = calloc(cache->sets * ways, sizeof *cache->lines);
            cache->used = calloc(cache->sets * ways, sizeof *cache->used);
            if (!(text = strchr(text, ':'))) break;
        }
    }
    if (!out) return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_vcpu_syscall_cb(id, system_call);
    return 0;
}
