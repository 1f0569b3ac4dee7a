// The three ways between host and wasm code (compiler/abi/calling_convention.h
// on the wasm side, the System V ABI on the host's):
//
//   IngotEnterWasm     saves the host's registers, changes to the wasm stack,
//                      loads all value registers from an EntryRecord, calls
//   IngotHostCallStub  changes to the host's stack, stores all value registers
//                      in an ExitRecord there, calls C++, loads them again
//   IngotPlainHostCallStub  the same for integers alone, which is all that
//   IngotBuiltinStub        these two take and give
//   IngotLeaveWasm     ends the innermost IngotEnterWasm; a trap continues here
//
// A run that was told to stop (ExecutionState.stop) is not entered and not
// resumed: the stubs look just before. What lies between that look and wasm code
// is marked by symbols, so that an interrupt that comes there is not lost.
//
// The frame of IngotEnterWasm, from host_rsp upwards: MXCSR of the host,
// padding, record, padding, then the saved registers. While wasm code runs,
// nothing on the host's stack below host_rsp is in use.

#include "runtime/native/stub_offsets.h"

        .intel_syntax noprefix
        .text

        .macro STORE_INTS at
        mov     [\at + INGOT_REGISTERS_INTS + 0], rax
        mov     [\at + INGOT_REGISTERS_INTS + 8], rcx
        mov     [\at + INGOT_REGISTERS_INTS + 16], rdx
        mov     [\at + INGOT_REGISTERS_INTS + 24], rbx
        mov     [\at + INGOT_REGISTERS_INTS + 32], rsi
        mov     [\at + INGOT_REGISTERS_INTS + 40], rdi
        .endm

        .macro STORE_FLOATS at
        movsd   [\at + INGOT_REGISTERS_FLOATS + 0], xmm0
        movsd   [\at + INGOT_REGISTERS_FLOATS + 8], xmm1
        movsd   [\at + INGOT_REGISTERS_FLOATS + 16], xmm2
        movsd   [\at + INGOT_REGISTERS_FLOATS + 24], xmm3
        movsd   [\at + INGOT_REGISTERS_FLOATS + 32], xmm4
        movsd   [\at + INGOT_REGISTERS_FLOATS + 40], xmm5
        movsd   [\at + INGOT_REGISTERS_FLOATS + 48], xmm6
        movsd   [\at + INGOT_REGISTERS_FLOATS + 56], xmm7
        .endm

        .macro LOAD_FLOATS at
        movsd   xmm0, [\at + INGOT_REGISTERS_FLOATS + 0]
        movsd   xmm1, [\at + INGOT_REGISTERS_FLOATS + 8]
        movsd   xmm2, [\at + INGOT_REGISTERS_FLOATS + 16]
        movsd   xmm3, [\at + INGOT_REGISTERS_FLOATS + 24]
        movsd   xmm4, [\at + INGOT_REGISTERS_FLOATS + 32]
        movsd   xmm5, [\at + INGOT_REGISTERS_FLOATS + 40]
        movsd   xmm6, [\at + INGOT_REGISTERS_FLOATS + 48]
        movsd   xmm7, [\at + INGOT_REGISTERS_FLOATS + 56]
        .endm

        // Leaves with flag ne if the control bits in `mxcsr`, a register that is
        // changed, are not those of wasm code. Only then a change is worth its
        // time: the flags of exceptions, which wasm code leaves set, say
        // nothing, because none is enabled.
        .macro IS_WASM_MXCSR mxcsr
        and     \mxcsr, ~0x3F
        cmp     \mxcsr, INGOT_WASM_MXCSR
        .endm

        // `by` points to a mask of 8 bytes for each register.
        .macro MASK_INTS by
        and     rax, [\by + 0]
        and     rcx, [\by + 8]
        and     rdx, [\by + 16]
        and     rbx, [\by + 24]
        and     rsi, [\by + 32]
        and     rdi, [\by + 40]
        .endm

        // `at` may be rdi, which is loaded last.
        .macro LOAD_INTS at
        mov     rax, [\at + INGOT_REGISTERS_INTS + 0]
        mov     rcx, [\at + INGOT_REGISTERS_INTS + 8]
        mov     rdx, [\at + INGOT_REGISTERS_INTS + 16]
        mov     rbx, [\at + INGOT_REGISTERS_INTS + 24]
        mov     rsi, [\at + INGOT_REGISTERS_INTS + 32]
        mov     rdi, [\at + INGOT_REGISTERS_INTS + 40]
        .endm

        .globl  IngotEnterWasm
        .hidden IngotEnterWasm
        .type   IngotEnterWasm, @function
        .p2align 4
IngotEnterWasm:
        .cfi_startproc
        push    rbp
        .cfi_def_cfa_offset 16
        .cfi_offset rbp, -16
        mov     rbp, rsp
        .cfi_def_cfa_register rbp
        push    rbx
        push    r12
        push    r13
        push    r14
        push    r15
        .cfi_offset rbx, -24
        .cfi_offset r12, -32
        .cfi_offset r13, -40
        .cfi_offset r14, -48
        .cfi_offset r15, -56
        sub     rsp, 24                 // 16 n again
        mov     [rsp + 8], rdi
        stmxcsr [rsp]
        mov     r8, [rdi + INGOT_ENTRY_STATE]
        mov     eax, [rsp]
        mov     [r8 + INGOT_STATE_HOST_MXCSR], eax
        xor     ecx, ecx
        IS_WASM_MXCSR eax
        setne   cl
        mov     [r8 + INGOT_STATE_FOREIGN_MXCSR], ecx
        je      1f
        ldmxcsr [rip + .Lwasm_mxcsr]
1:
        mov     [r8 + INGOT_STATE_HOST_RSP], rsp
        .globl  IngotEnterBegin
        .hidden IngotEnterBegin
IngotEnterBegin:
        mov     r14, [rdi + INGOT_ENTRY_GAS]
        mov     r9, [r8 + INGOT_STATE_STOP]
        cmp     dword ptr [r9], 0
        jne     IngotLeaveWasm
        mov     r15, [rdi + INGOT_ENTRY_BASE]
        mov     r11, [rdi + INGOT_ENTRY_CODE]
        mov     rsp, [rdi + INGOT_ENTRY_WASM_RSP]
        xor     r10d, r10d              // the host is no instance
        LOAD_FLOATS rdi
        LOAD_INTS rdi
        cld
        call    r11
        .globl  IngotEnterEnd
        .hidden IngotEnterEnd
IngotEnterEnd:
        // The callee has its own base in r15 when it returns.
        mov     r11, [r15 + INGOT_VMCTX_STORE]
        mov     r12, rsp
        mov     rsp, [r11 + INGOT_STATE_HOST_RSP]
        mov     r11, [rsp + 8]
        STORE_INTS r11
        STORE_FLOATS r11
        mov     [r11 + INGOT_ENTRY_WASM_RSP], r12
        mov     [r11 + INGOT_ENTRY_GAS], r14
        xor     eax, eax
.Lexit:
        mov     ecx, [rsp]
        IS_WASM_MXCSR ecx
        je      1f
        ldmxcsr [rsp]
1:
        add     rsp, 24
        pop     r15
        pop     r14
        pop     r13
        pop     r12
        pop     rbx
        pop     rbp
        .cfi_remember_state
        .cfi_def_cfa rsp, 8
        ret
        .cfi_restore_state

        .globl  IngotLeaveWasm
        .hidden IngotLeaveWasm
IngotLeaveWasm:
        // rsp is host_rsp. rbp is not needed: the exit pops it.
        mov     r11, [rsp + 8]
        mov     [r11 + INGOT_ENTRY_GAS], r14
        cld
        mov     eax, 1
        jmp     .Lexit
        .cfi_endproc
        .size   IngotEnterWasm, . - IngotEnterWasm

        // Free here: everything but r14, r15, r10, r11 and the value registers.
        // r12, which C++ preserves, keeps the stack pointer of wasm code, so that
        // what runs there next does not wait for stores and loads here. In the
        // general form C++ pops stack arguments by changing the record. The return
        // address comes from the record, because a nested run begins where it was.
        // For a plain host function C++ gives masks of the results, which are
        // applied here and not in memory for the same reason. The run leaves when
        // there are no masks, and in the others by Resume::kLeave.
        .macro EXIT_STUB name, target, general=0, plain=0
        .globl  \name
        .hidden \name
        .type   \name, @function
        .p2align 4
\name:
        mov     r8, [r15 + INGOT_VMCTX_STORE]
        mov     r12, rsp
        mov     r9, [rsp]
        mov     rsp, [r8 + INGOT_STATE_HOST_RSP]
        sub     rsp, INGOT_EXIT_BYTES
        STORE_INTS rsp
        .if \general
        STORE_FLOATS rsp
        .endif
        mov     [rsp + INGOT_EXIT_WASM_RSP], r12
        mov     [rsp + INGOT_EXIT_GAS], r14
        mov     [rsp + INGOT_EXIT_RETURN_ADDRESS], r9
        mov     [rsp + INGOT_EXIT_BASE], r15
        mov     [rsp + INGOT_EXIT_CALLER_BASE], r10
        mov     r11d, r11d
        mov     [rsp + INGOT_EXIT_NUMBER], r11
        cmp     dword ptr [r8 + INGOT_STATE_FOREIGN_MXCSR], 0
        jne     4f
2:
        mov     rdi, [r8 + INGOT_STATE_RUN]
        mov     rsi, rsp
        call    \target
        .globl  \name\()Resume
        .hidden \name\()Resume
\name\()Resume:
        .if \plain
        test    rax, rax
        je      1f
        .else
        test    eax, eax
        jne     1f
        .endif
        mov     r9, [r15 + INGOT_VMCTX_STORE]
        mov     r8, [r9 + INGOT_STATE_STOP]
        cmp     dword ptr [r8], 0
        jne     1f
        cmp     dword ptr [r9 + INGOT_STATE_FOREIGN_MXCSR], 0
        jne     5f
3:
        .if \plain
        mov     r8, rax
        LOAD_INTS rsp
        MASK_INTS r8
        .else
        LOAD_INTS rsp
        .endif
        mov     r14, [rsp + INGOT_EXIT_GAS]
        mov     r9, [rsp + INGOT_EXIT_RETURN_ADDRESS]
        .if \general
        LOAD_FLOATS rsp
        mov     rsp, [rsp + INGOT_EXIT_WASM_RSP]
        push    r9
        .else
        mov     rsp, r12
        mov     [rsp], r9
        .endif
        ret
5:
        ldmxcsr [rip + .Lwasm_mxcsr]
        jmp     3b
        .globl  \name\()End
        .hidden \name\()End
\name\()End:
1:
        add     rsp, INGOT_EXIT_BYTES
        jmp     IngotLeaveWasm
4:
        ldmxcsr [r8 + INGOT_STATE_HOST_MXCSR]
        jmp     2b
        .size   \name, . - \name
        .endm

        EXIT_STUB IngotHostCallStub, IngotHostCall, general=1
        EXIT_STUB IngotPlainHostCallStub, IngotPlainHostCall, plain=1
        EXIT_STUB IngotBuiltinStub, IngotBuiltin

        .section .rodata
        .p2align 2
.Lwasm_mxcsr:
        .long   INGOT_WASM_MXCSR

        .section .note.GNU-stack, "", @progbits
