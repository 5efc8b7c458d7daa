/* Makes a program believe that its processor is an older one: preloaded, it answers the instruction CPUID without the sets of
 * instructions that RECTO_CPU=avx2 (a desktop of 2013 to today) or RECTO_CPU=sse42 (2008 to 2012) lacks. Libraries that choose their
 * kernels by CPUID then run, at full speed, what they would run there. ONEDNN_MAX_CPU_ISA is no substitute: parts of OpenVINO
 * heed it and others do not, and their mixture crashes on the small network.
 *
 * Linux on x86-64 with CPUID faulting (cpuid_fault in /proc/cpuinfo). Exit code 69 where the processor has none. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { kSetCpuid = 0x1012 }; /* ARCH_CPUID of asm/prctl.h */
enum Level { Sse42, Avx2, All };
static enum Level level = All;

static uint32_t bits(int count, const int* which) {
    uint32_t out = 0;
    for (int i = 0; i < count; ++i) out |= UINT32_C(1) << which[i];
    return out;
}
#define BITS(...) bits(sizeof((int[]){__VA_ARGS__}) / sizeof(int), (int[]){__VA_ARGS__})

/* Registers by number: 0 to 3 are EAX, EBX, ECX, EDX. */
static void answer(uint32_t leaf, uint32_t part, uint32_t r[4]) {
    syscall(SYS_arch_prctl, kSetCpuid, 1);
    __asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(leaf), "c"(part));
    syscall(SYS_arch_prctl, kSetCpuid, 0);
    if (leaf == 7 && part == 0) {
        r[1] &= ~BITS(16, 17, 21, 26, 27, 28, 30, 31);                    /* AVX-512 F, DQ, IFMA, PF, ER, CD, BW, VL */
        r[2] &= ~BITS(1, 6, 11, 12, 14);                                  /* VBMI, VBMI2, VNNI, BITALG, VPOPCNTDQ */
        r[3] &= ~BITS(2, 3, 8, 22, 23, 24, 25);                           /* 4VNNIW, 4FMAPS, VP2INTERSECT, FP16, AMX */
        if (level == Sse42) r[1] &= ~BITS(3, 5, 8), r[2] &= ~BITS(9, 10); /* BMI1, AVX2, BMI2; VAES, VPCLMULQDQ */
    } else if (leaf == 7 && part == 1) {
        r[0] &= ~BITS(4, 5, 21, 23); /* AVX-VNNI, AVX-512 BF16, AMX-FP16, AVX-IFMA */
        r[3] &= ~BITS(4, 5, 10, 19); /* AVX-VNNI-INT8, AVX-NE-CONVERT, AVX-VNNI-INT16, AVX10 */
    } else if (leaf == 1 && level == Sse42) {
        r[2] &= ~BITS(12, 28, 29); /* FMA, AVX, F16C */
    }
}

static void on_fault(int number, siginfo_t* info, void* context) {
    (void)info;
    greg_t* g = ((ucontext_t*)context)->uc_mcontext.gregs;
    static const unsigned char cpuid[] = {0x0F, 0xA2};
    if (memcmp((const void*)g[REG_RIP], cpuid, sizeof cpuid) != 0) { /* a fault of the program's own */
        signal(number, SIG_DFL);
        return;
    }
    uint32_t r[4];
    answer((uint32_t)g[REG_RAX], (uint32_t)g[REG_RCX], r);
    g[REG_RAX] = r[0], g[REG_RBX] = r[1], g[REG_RCX] = r[2], g[REG_RDX] = r[3];
    g[REG_RIP] += sizeof cpuid;
}

__attribute__((constructor)) static void begin(void) {
    const char* wanted = getenv("RECTO_CPU");
    if (!wanted) return;
    level = strcmp(wanted, "sse42") == 0 ? Sse42 : strcmp(wanted, "avx2") == 0 ? Avx2 : All;
    if (level == All) _exit(64);
    struct sigaction action = {0};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, NULL);
    if (syscall(SYS_arch_prctl, kSetCpuid, 0) != 0) _exit(69);
}
