/**
 * @file nucleus/fence.h
 * Order between memory and devices, which C's atomics do not state: they are about harts and memory only.
 */
#ifndef MITOS_NUCLEUS_FENCE_H
#define MITOS_NUCLEUS_FENCE_H

/** All loads and stores before it, of memory and of device registers, come before all behind it (RISC-V
 *  unprivileged specification, FENCE). For drivers whose device reads memory. */
static inline void fence_device(void)
{
#ifdef MITOS_HOST
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
#else
    __asm__ volatile("fence iorw, iorw" : : : "memory");
#endif
}

#endif
