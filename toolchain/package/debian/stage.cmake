# SPDX-License-Identifier: Apache-2.0
# Run by CPack, when what is installed has been put together and before packages are made of it: what only packages have,
# and times that do not depend on when they are made.
unset(ENV{DESTDIR}) # CPack's, for what came before
string(TIMESTAMP DATE "%a, %d %b %Y %H:%M:%S +0000" UTC) # of SOURCE_DATE_EPOCH, where that is set
set(VERSION ${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
foreach(PAIR common:chimera-common command:chimera server:chimera-server)
    string(REPLACE : ";" PAIR ${PAIR})
    list(GET PAIR 0 COMPONENT)
    list(GET PAIR 1 PACKAGE)
    set(ROOT ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/${COMPONENT})
    file(INSTALL ${CPACK_CHIMERA_SOURCES}/toolchain/package/debian/copyright DESTINATION ${ROOT}/usr/share/doc/${PACKAGE})
    set(CHANGES ${ROOT}/usr/share/doc/${PACKAGE}/changelog.Debian)
    file(WRITE ${CHANGES} "chimera (${VERSION}) unstable; urgency=medium\n\n  * See /usr/share/doc/chimera/CHANGELOG.md.\n\n"
                          " -- ${CPACK_PACKAGE_CONTACT}  ${DATE}\n")
    execute_process(COMMAND gzip -9n ${CHANGES} COMMAND_ERROR_IS_FATAL ANY)
    file(GLOB_RECURSE PAGES LIST_DIRECTORIES false ${ROOT}/usr/share/man/*.[15])
    foreach(PAGE IN LISTS PAGES)
        if(IS_SYMLINK ${PAGE})
            file(READ_SYMLINK ${PAGE} TARGET)
            file(REMOVE ${PAGE})
            file(CREATE_LINK ${TARGET}.gz ${PAGE}.gz SYMBOLIC)
        else()
            execute_process(COMMAND gzip -9n ${PAGE} COMMAND_ERROR_IS_FATAL ANY)
        endif()
    endforeach()
endforeach()
# Debian's dpkg asks before it replaces these.
file(INSTALL ${CPACK_CHIMERA_SOURCES}/toolchain/package/systemd/policies.yml
             ${CPACK_CHIMERA_SOURCES}/toolchain/package/systemd/server.env
     DESTINATION ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/server/etc/chimera)
if(DEFINED ENV{SOURCE_DATE_EPOCH})
    execute_process(COMMAND find ${CPACK_TEMPORARY_INSTALL_DIRECTORY} -exec touch -h -d @$ENV{SOURCE_DATE_EPOCH} {} +
                    COMMAND_ERROR_IS_FATAL ANY)
endif()
