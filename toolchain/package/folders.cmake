# SPDX-License-Identifier: Apache-2.0
# Folders that an installation makes are for everybody, whatever the umask of who installs. CMake's own
# CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS are cut by the umask. Those that were there stay as they are.
include(GNUInstallDirs)
set(CHIMERA_UNIT_DIR lib/systemd/system CACHE STRING "Folder of systemd's units, below the prefix")
set(CHIMERA_SHELL_FOLDERS bash-completion/completions zsh/site-functions fish/vendor_completions.d)
list(TRANSFORM CHIMERA_SHELL_FOLDERS PREPEND ${CMAKE_INSTALL_DATADIR}/)
set(INSTALL_FOLDERS ${CMAKE_INSTALL_BINDIR} ${CMAKE_INSTALL_LIBDIR}/chimera ${CMAKE_INSTALL_LIBDIR}/pkgconfig
    ${CMAKE_INSTALL_INCLUDEDIR}/chimera ${CMAKE_INSTALL_DATADIR}/chimera ${CMAKE_INSTALL_DOCDIR}
    ${CMAKE_INSTALL_MANDIR}/man1 ${CMAKE_INSTALL_MANDIR}/man5 ${CHIMERA_SHELL_FOLDERS} ${CHIMERA_UNIT_DIR})

# Of each way down to a folder, the first that is not there yet.
install(CODE "set(INSTALL_FOLDERS \"${INSTALL_FOLDERS}\")")
install(CODE [[
    set(NEW_FOLDERS)
    foreach(FOLDER IN LISTS INSTALL_FOLDERS)
        cmake_path(ABSOLUTE_PATH FOLDER BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} NORMALIZE)
        set(FOLDER $ENV{DESTDIR}${FOLDER})
        set(NEW)
        while(NOT EXISTS ${FOLDER})
            set(NEW ${FOLDER})
            cmake_path(GET FOLDER PARENT_PATH FOLDER)
        endwhile()
        list(APPEND NEW_FOLDERS ${NEW})
    endforeach()
    list(REMOVE_DUPLICATES NEW_FOLDERS)]])

# When all is in place.
function(chimera_open_folders)
    install(CODE [[
        foreach(FOLDER IN LISTS NEW_FOLDERS)
            if(EXISTS ${FOLDER})
                file(CHMOD_RECURSE ${FOLDER} DIRECTORY_PERMISSIONS
                     OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
            endif()
        endforeach()]])
endfunction()
