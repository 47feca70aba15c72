#include "agent/vfork_clone.hpp"

#include <cerrno>

#include <sys/syscall.h>

// long sweepctl_vfork_clone(clone_args*, size, void (*child)(void*), void* argument)
//
// A function in C++ could not do this: its frame would serve two processes, and what the child
// changes in it the parent would find. Here the child only pushes below what the parent has on the
// stack.
#if defined(__x86_64__)
asm(R"(
    .text
    .globl sweepctl_vfork_clone
    .type sweepctl_vfork_clone, @function
sweepctl_vfork_clone:
    movq %rdx, %r8
    movq %rcx, %r9
    movl $435, %eax
    syscall
    testq %rax, %rax
    jnz 1f
    xorl %ebp, %ebp
    movq %r9, %rdi
    andq $-16, %rsp
    call *%r8
    ud2
1:  ret
    .size sweepctl_vfork_clone, . - sweepctl_vfork_clone
)");
#elif defined(__aarch64__)
asm(R"(
    .text
    .globl sweepctl_vfork_clone
    .type sweepctl_vfork_clone, %function
sweepctl_vfork_clone:
    mov x9, x2
    mov x10, x3
    mov x8, #435
    svc #0
    cbnz x0, 1f
    mov x29, #0
    mov x0, x10
    blr x9
    brk #1
1:  ret
    .size sweepctl_vfork_clone, . - sweepctl_vfork_clone
)");
#endif

namespace sweepctl {

#if defined(__x86_64__) || defined(__aarch64__)
static_assert(SYS_clone3 == 435);

extern "C" long sweepctl_vfork_clone(clone_args* arguments,
                                     unsigned long size,
                                     void (*child)(void*),
                                     void* argument);

long vfork_clone(clone_args& arguments, void (*child)(void*), void* argument) {
    return sweepctl_vfork_clone(&arguments, sizeof arguments, child, argument);
}
#else
long vfork_clone(clone_args&, void (*)(void*), void*) {
    return -ENOSYS;  // posix_spawn does as well, only slower.
}
#endif

}  // namespace sweepctl
