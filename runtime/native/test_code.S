// Hand-written native code for the executor's tests, as a compiler would emit
// it (compiler/abi/calling_convention.h). Each function stands between
// code_NAME and code_NAME_end; places that test_artifact.cc lists in trap
// tables have labels of their own. All frames are 64 bytes, all entries cost 10
// gas, unless said otherwise.

        .intel_syntax noprefix
        .section .rodata

#define FRAME 64
#define STACK_LIMIT (-8)
#define MEMORY_BYTES (-16)
#define BUILTIN_STUB (-24)
// One global, one table, two imported functions; test_artifact.cc states that
// these are VmctxLayout's.
#define GLOBAL_0 (-136)
#define TABLE_0 (-160)
#define IMPORT_0 (-192)
#define IMPORT_1 (-176)

        .macro  BEGIN name
        .globl  code_\name
        .hidden code_\name
code_\name:
        .endm

        .macro  END name
        .globl  code_\name\()_end
        .hidden code_\name\()_end
code_\name\()_end:
        .endm

        // A place for the trap table.
        .macro  SITE name
        .globl  site_\name
        .hidden site_\name
site_\name:
        .endm

        .macro  PROLOGUE name
        BEGIN   \name
        sub     rsp, FRAME - 8
        cmp     rsp, [r15 + STACK_LIMIT]
        jb      1f
        sub     r14, 10
        jl      2f
        .endm

        .macro  EPILOGUE name, pop=0
        add     rsp, FRAME - 8
        ret     \pop
        SITE    \name\()_overflow
1:      ud2
        SITE    \name\()_gas
2:      ud2
        END     \name
        .endm

        BEGIN   all
        // (i32, i32) -> i32
        PROLOGUE add
        add     eax, ecx
        EPILOGUE add

        // (8 i64, 10 f64) -> (8 i64, 10 f64): the same values. Slots: two i64,
        // two f64. The results' slots lie above the arguments'.
        PROLOGUE echo
        mov     r8, [rsp + FRAME + 0]
        mov     [rsp + FRAME + 32], r8
        mov     r8, [rsp + FRAME + 8]
        mov     [rsp + FRAME + 40], r8
        mov     r8, [rsp + FRAME + 16]
        mov     [rsp + FRAME + 48], r8
        mov     r8, [rsp + FRAME + 24]
        mov     [rsp + FRAME + 56], r8
        EPILOGUE echo, 32

        // (i32, i64, f64) -> i32: the first import, plus 1
        PROLOGUE call_host
        mov     [rsp], r15
        mov     r10, r15
        mov     r15, [r10 + IMPORT_0 + 8]
        call    [r10 + IMPORT_0]
        SITE    call_host_return
        mov     r15, [rsp]
        add     eax, 1
        EPILOGUE call_host

        // () -> i64: the second import, (8 i64) -> 8 i64, with 1 … 8; what it
        // returns added up, each result times its place. The frame is 96 bytes:
        // two slots of arguments, two of results.
        BEGIN   call_host_many
        sub     rsp, 96 - 8
        cmp     rsp, [r15 + STACK_LIMIT]
        jb      1f
        sub     r14, 10
        jl      1f
        mov     [rsp + 64], r15
        mov     eax, 1
        mov     ecx, 2
        mov     edx, 3
        mov     ebx, 4
        mov     esi, 5
        mov     edi, 6
        mov     qword ptr [rsp], 7
        mov     qword ptr [rsp + 8], 8
        mov     r10, r15
        mov     r15, [r10 + IMPORT_1 + 8]
        call    [r10 + IMPORT_1]
        SITE    call_host_many_return
        sub     rsp, 16
        mov     r15, [rsp + 64]
        imul    rcx, rcx, 2
        imul    rdx, rdx, 3
        imul    rbx, rbx, 4
        imul    rsi, rsi, 5
        imul    rdi, rdi, 6
        imul    r8, [rsp + 16], 7
        imul    r9, [rsp + 24], 8
        add     rax, rcx
        add     rax, rdx
        add     rax, rbx
        add     rax, rsi
        add     rax, rdi
        add     rax, r8
        add     rax, r9
        add     rsp, 96 - 8
        ret
        SITE    call_host_many_overflow
1:      ud2
        END     call_host_many

        // (i32) -> i32: memory.grow
        PROLOGUE grow
        xor     r11d, r11d
        call    [r15 + BUILTIN_STUB]
        SITE    grow_return
        EPILOGUE grow

        // (i32, i32, i32): memory.fill
        PROLOGUE fill
        mov     r11d, 2
        call    [r15 + BUILTIN_STUB]
        SITE    fill_return
        EPILOGUE fill

        // (i32) -> i32: i32.load. Its price, 6, is owed when it traps.
        PROLOGUE load
        SITE    load_access
        mov     eax, [r15 + rax]
        sub     r14, 6
        EPILOGUE load

        // (i32, i32): i32.store
        PROLOGUE store
        SITE    store_access
        mov     [r15 + rax], ecx
        EPILOGUE store

        // (): unreachable, called by (): one frame above it
        PROLOGUE trap
        SITE    trap_here
        ud2
        EPILOGUE trap

        PROLOGUE call_trap
        call    code_trap
        SITE    call_trap_return
        EPILOGUE call_trap

        // (): calls itself for ever
        PROLOGUE recurse
        sub     r14, 20
        call    code_recurse
        SITE    recurse_return
        EPILOGUE recurse

        // (): loops for ever, 100 gas each time
        PROLOGUE loop
3:      sub     r14, 100
        jge     3b
        SITE    loop_spent
        ud2
        EPILOGUE loop

        // (): memory that is not this instance's, nor anybody's
        PROLOGUE foreign
        mov     eax, 64
        SITE    foreign_access
        mov     eax, [rax]
        EPILOGUE foreign

        // () -> i32: the floating-point environment
        PROLOGUE floats
        stmxcsr [rsp]
        mov     eax, [rsp]
        EPILOGUE floats

        // () -> i32: the value of mutable global 0, plus 1, stored again
        PROLOGUE count
        mov     eax, [r15 + GLOBAL_0]
        add     eax, 1
        mov     [r15 + GLOBAL_0], eax
        EPILOGUE count

        // (i32) -> i32: call_indirect of type 0 (i32, i32) -> i32 with the
        // arguments 30 and 12, through table 0
        PROLOGUE indirect
        mov     r8, [r15 + TABLE_0]
        cmp     rax, [r15 + TABLE_0 + 8]
        jae     3f
        mov     r8, [r8 + rax * 8]
        test    r8, r8
        je      4f
        mov     r9, [r15 - 40]
        mov     r9d, [r9]
        cmp     [r8 + 16], r9d
        jne     5f
        mov     [rsp], r15
        mov     r10, r15
        mov     r15, [r8 + 8]
        mov     eax, 30
        mov     ecx, 12
        call    [r8]
        SITE    indirect_return
        mov     r15, [rsp]
        add     rsp, FRAME - 8
        ret
        SITE    indirect_undefined
3:      ud2
        SITE    indirect_null
4:      ud2
        SITE    indirect_type
5:      ud2
        EPILOGUE indirect

        // (i32, i32): table.set of table 0 with whatever bits
        PROLOGUE forge
        mov     edx, ecx
        mov     ecx, eax
        xor     eax, eax
        mov     r11d, 6
        call    [r15 + BUILTIN_STUB]
        SITE    forge_return
        EPILOGUE forge

        // (i32) -> i32: the builtin of that number, which is its operand, too
        PROLOGUE builtin
        mov     r11d, eax
        call    [r15 + BUILTIN_STUB]
        SITE    builtin_return
        EPILOGUE builtin

        // (): memory.grow 0 and a call of the first import, for ever
        PROLOGUE call_loop
        mov     [rsp], r15
3:      xor     eax, eax
        xor     r11d, r11d
        call    [r15 + BUILTIN_STUB]
        SITE    call_loop_builtin
        mov     r10, r15
        mov     r15, [r10 + IMPORT_0 + 8]
        call    [r10 + IMPORT_0]
        SITE    call_loop_host
        mov     r15, [rsp]
        jmp     3b
        EPILOGUE call_loop
        END     all

        .section .note.GNU-stack, "", @progbits
