# SPDX-License-Identifier: Apache-2.0
# Flags of compiler and linker for what is shipped. Flags of a distribution (CFLAGS, LDFLAGS) come on top: where both
# speak of one thing, theirs holds.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckPIESupported)
check_pie_supported()

add_compile_options(
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Wstrict-prototypes
    -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wformat=2
    -fno-omit-frame-pointer -fstack-protector-strong)
# "Outputs are untouched on failure" is beyond gcc's flow analysis; clang's and the sanitizers see it.
add_compile_options($<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
# json-c's json_object_object_foreach() is a statement expression.
add_compile_options($<$<C_COMPILER_ID:Clang>:-Wno-gnu-statement-expression-from-macro-expansion>)
add_compile_definitions(_GNU_SOURCE)
if(CHIMERA_WERROR)
    add_compile_options(-Werror)
endif()

# No path of the build in what is built: the same sources give the same bytes in any folder. A debugger started in the
# tree finds the sources all the same. Of two that fit, gcc takes the later one.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.
    -ffile-prefix-map=${CMAKE_BINARY_DIR}=build)

if(CHIMERA_ASAN)
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all)
    add_link_options(-fsanitize=address,undefined)
elseif(CHIMERA_TSAN)
    add_compile_options(-fsanitize=thread)
    add_link_options(-fsanitize=thread)
else()
    # Some compilers, and most distributions' flags, define it already, and higher.
    set(CMAKE_REQUIRED_FLAGS -O2)
    check_c_source_compiles("#ifdef _FORTIFY_SOURCE
        #error defined
        #endif
        int main(void) { return 0; }" FORTIFY_IS_OURS)
    unset(CMAKE_REQUIRED_FLAGS)
    if(FORTIFY_IS_OURS)
        add_compile_definitions($<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
    endif()
    check_c_compiler_flag(-fstack-clash-protection HAS_STACK_CLASH)
    if(HAS_STACK_CLASH)
        add_compile_options(-fstack-clash-protection)
    endif()
    add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack)
endif()
if(CHIMERA_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Guests run on stacks of their own, which a shadow stack of the processor knows nothing of: a program with one object
# that is not marked for it is not marked either, so no system puts one under us (CET; -fcf-protection of Ubuntu and
# Fedora). Linux has no tracking of indirect branches for user programs.
check_c_compiler_flag(-fcf-protection=none HAS_CF_PROTECTION)
file(GLOB SWITCH_SOURCES ${CMAKE_SOURCE_DIR}/runtime/instance/switch/*.c)
if(HAS_CF_PROTECTION)
    set_source_files_properties(${SWITCH_SOURCES} PROPERTIES COMPILE_OPTIONS -fcf-protection=none)
endif()
# Link-time optimization (-flto of Fedora) does not see which names assembly defines, nor that a table of addresses has no
# types.
set_property(SOURCE ${SWITCH_SOURCES} ${CMAKE_SOURCE_DIR}/runtime/plugin/imports.c APPEND PROPERTY COMPILE_OPTIONS -fno-lto)
