// Where the kernel hands over, and the one call that returns twice.

#if defined(__x86_64__)

// The kernel leaves argc, argv and the environment where the stack pointer points.
asm(R"(
    .text
    .globl _start
    .type _start, @function
_start:
    xorl %ebp, %ebp
    movq %rsp, %rdi
    andq $-16, %rsp
    call runner_start
    ud2
    .size _start, . - _start
)");

// long vfork_call(void (*child)(void*), void* argument): a child that shares this memory runs
// `child`, which never returns; meanwhile the parent stands still, so both may use one stack: the
// child only pushes below what the parent has there.
// clone(CLONE_VM | CLONE_VFORK | SIGCHLD, no stack of its own); its fifth argument counts only with
// CLONE_SETTLS, and no system call changes r8 and r9.
asm(R"(
    .text
    .globl vfork_call
    .type vfork_call, @function
vfork_call:
    movq %rdi, %r8
    movq %rsi, %r9
    movl $0x4111, %edi
    xorl %esi, %esi
    xorl %edx, %edx
    xorl %r10d, %r10d
    movl $56, %eax
    syscall
    testq %rax, %rax
    jnz 1f
    xorl %ebp, %ebp
    movq %r9, %rdi
    andq $-16, %rsp
    call *%r8
    ud2
1:  ret
    .size vfork_call, . - vfork_call
)");

#elif defined(__aarch64__)

asm(R"(
    .text
    .globl _start
    .type _start, %function
_start:
    mov x29, #0
    mov x30, #0
    mov x0, sp
    bl runner_start
    brk #1
    .size _start, . - _start
)");

asm(R"(
    .text
    .globl vfork_call
    .type vfork_call, %function
vfork_call:
    mov x9, x0
    mov x10, x1
    mov x0, #0x4111
    mov x1, #0
    mov x2, #0
    mov x3, #0
    mov x4, #0
    mov x8, #220
    svc #0
    cbnz x0, 1f
    mov x29, #0
    mov x0, x10
    blr x9
    brk #1
1:  ret
    .size vfork_call, . - vfork_call
)");

#endif
