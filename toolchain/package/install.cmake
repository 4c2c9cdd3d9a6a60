# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where, besides the programs and their capabilities; and what takes it away again.
# Components are the packages that it is shipped in: common, command, server. The umask of who checked the sources out
# makes no difference, nor does that of who installs (folders.cmake).

# The licence, the user's pages with their examples, what changed.
install(FILES LICENSE README.md CHANGELOG.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT common)
set(SCRIPT PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT common
        PATTERN "*.sh" ${SCRIPT} PATTERN make-certificate ${SCRIPT})

# For editors and checkers of policies.yml.
install(FILES docs/user/policies.schema.json docs/user/budget.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/chimera COMPONENT common)

# What plugins are compiled with, and what a program needs that reads or makes plugins itself.
install(DIRECTORY plugins/policy DESTINATION ${CMAKE_INSTALL_DATADIR}/chimera/plugins COMPONENT command
        FILES_MATCHING PATTERN "*.h" PATTERN "*.c")
install(FILES plugins/policy/plugin.h plugins/policy/imports.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/chimera COMPONENT command)
file(RELATIVE_PATH PC_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(toolchain/package/chimera.pc.in ${CMAKE_BINARY_DIR}/chimera.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/chimera.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT command)

# Man pages come from the tables of the options, through the programs that hold them; so do completions.
install(DIRECTORY ${MAN_PAGES}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT command
        FILES_MATCHING PATTERN "*.1" PATTERN "chimera-server*" EXCLUDE PATTERN "kwctl*" EXCLUDE)
install(DIRECTORY ${MAN_PAGES}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT server
        FILES_MATCHING PATTERN "chimera-server*.1")
install(DIRECTORY ${MAN_PAGES}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT common
        FILES_MATCHING PATTERN "*.5")

# A file for each shell, where that shell looks: completions(NAME program component, what makes the program).
function(chimera_install_completions NAME PROGRAM COMPONENT)
    set(FOLDER ${CMAKE_BINARY_DIR}/completions)
    set(SHELLS bash zsh fish)
    set(NAMES ${NAME} _${NAME} ${NAME}.fish)
    set(FILES)
    foreach(SHELL FILE_NAME DESTINATION IN ZIP_LISTS SHELLS NAMES CHIMERA_SHELL_FOLDERS)
        list(APPEND FILES ${FOLDER}/${SHELL}/${FILE_NAME})
        add_custom_command(OUTPUT ${FOLDER}/${SHELL}/${FILE_NAME}
            COMMAND ${CMAKE_COMMAND} -E make_directory ${FOLDER}/${SHELL}
            COMMAND ${PROGRAM} completions --shell ${SHELL} > ${FOLDER}/${SHELL}/${FILE_NAME}
            DEPENDS ${ARGN} VERBATIM)
        install(FILES ${FOLDER}/${SHELL}/${FILE_NAME} DESTINATION ${DESTINATION} COMPONENT ${COMPONENT})
    endforeach()
    add_custom_target(completions-${NAME} ALL DEPENDS ${FILES})
endfunction()
chimera_install_completions(chimera $<TARGET_FILE:chimera> command chimera)
chimera_install_completions(chimera-server $<TARGET_FILE:chimera-server> server chimera-server)

# As policy-server and kwctl, for scripts that call them so.
if(CHIMERA_KUBEWARDEN_NAMES)
    set(LINKS ${CMAKE_BINARY_DIR}/links)
    file(MAKE_DIRECTORY ${LINKS})
    foreach(PAIR kwctl:chimera:command policy-server:chimera-server:server)
        string(REPLACE : ";" PAIR ${PAIR})
        list(GET PAIR 0 NAME)
        list(GET PAIR 1 PROGRAM)
        list(GET PAIR 2 COMPONENT)
        file(CREATE_LINK ${PROGRAM} ${LINKS}/${NAME} SYMBOLIC)
        if(NAME STREQUAL kwctl)
            set(PAGE ${MAN_PAGES}/kwctl.1)
        else()
            set(PAGE ${LINKS}/${NAME}.1)
            file(CREATE_LINK ${PROGRAM}.1 ${PAGE} SYMBOLIC)
        endif()
        install(FILES ${LINKS}/${NAME} DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT ${COMPONENT})
        install(FILES ${PAGE} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT ${COMPONENT})
    endforeach()
    # Completions are for the name that the program was called by.
    file(MAKE_DIRECTORY ${LINKS}/called)
    file(CREATE_LINK ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/chimera ${LINKS}/called/kwctl SYMBOLIC)
    chimera_install_completions(kwctl ${LINKS}/called/kwctl command chimera)
endif()

# systemd's units, and what they read.
foreach(UNIT chimera-server.service chimera-server.socket chimera-server-probe.socket chimera-server-admin.socket)
    configure_file(toolchain/package/systemd/${UNIT}.in ${CMAKE_BINARY_DIR}/systemd/${UNIT} @ONLY)
    install(FILES ${CMAKE_BINARY_DIR}/systemd/${UNIT} DESTINATION ${CHIMERA_UNIT_DIR} COMPONENT server)
endforeach()
foreach(NAME policies.yml server.env)
    install(FILES toolchain/package/systemd/${NAME} COMPONENT server
            DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples/systemd)
endforeach()

chimera_open_folders()

include(toolchain/package/deb.cmake)

# ninja -C build uninstall
configure_file(toolchain/package/uninstall.cmake.in ${CMAKE_BINARY_DIR}/uninstall.cmake @ONLY)
add_custom_target(uninstall COMMAND ${CMAKE_COMMAND} -P ${CMAKE_BINARY_DIR}/uninstall.cmake VERBATIM)
