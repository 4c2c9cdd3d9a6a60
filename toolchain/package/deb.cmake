# SPDX-License-Identifier: Apache-2.0
# Packages for Debian: `toolchain/package/deb` sets the options, and calls CPack. What is common to both programs is a
# package of its own, so that a server comes without the compilers that `chimera` brings.
set(CHIMERA_MAINTAINER "Whoever built this package <root@localhost>" CACHE STRING "Who stands for the packages: NAME <ADDRESS>")
set(CHIMERA_PACKAGE_RELEASE 1 CACHE STRING "What follows the version in the packages' version")

set(CPACK_PACKAGE_NAME chimera)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT ${CHIMERA_MAINTAINER})
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_COMPONENTS_ALL common command server)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/toolchain/package/debian/stage.cmake)
set(CPACK_CHIMERA_SOURCES ${CMAKE_SOURCE_DIR}) # for that script

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${CHIMERA_PACKAGE_RELEASE})
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(SAME_VERSION "(= ${PROJECT_VERSION}-${CHIMERA_PACKAGE_RELEASE})")

set(CPACK_DEBIAN_COMMON_PACKAGE_NAME chimera-common)
set(CPACK_COMPONENT_COMMON_DESCRIPTION "Kubernetes admission policies, native: what both programs use
Capabilities that policies may be granted, the schema of policies.yml,
and the documentation.")

set(CPACK_DEBIAN_COMMAND_PACKAGE_NAME chimera)
set(CPACK_DEBIAN_COMMAND_PACKAGE_DEPENDS "chimera-common ${SAME_VERSION}, clang-19, lld-19, llvm-19, wabt")
set(CPACK_DEBIAN_COMMAND_PACKAGE_RECOMMENDS "tcc, ca-certificates")
set(CPACK_COMPONENT_COMMAND_DESCRIPTION "Kubernetes admission policies, native: to make and try them
Compiles admission policies in WebAssembly to native, sandboxed plugins,
runs, tests and measures them, and does what Kubewarden's kwctl does.")

set(CPACK_DEBIAN_SERVER_PACKAGE_NAME chimera-server)
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS "chimera-common ${SAME_VERSION}")
set(CPACK_DEBIAN_SERVER_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_SERVER_PACKAGE_SUGGESTS "chimera ${SAME_VERSION}")
set(CPACK_COMPONENT_SERVER_DESCRIPTION "Kubernetes admission policies, native: to serve them
Answers the webhooks of Kubernetes by policies that were compiled to native
code, in the place of Kubewarden's policy-server. Bundles are served as they
are; to compile policies at its start it needs the package chimera.")
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA
    ${CMAKE_SOURCE_DIR}/toolchain/package/debian/postinst
    ${CMAKE_SOURCE_DIR}/toolchain/package/debian/prerm
    ${CMAKE_SOURCE_DIR}/toolchain/package/debian/postrm
    ${CMAKE_SOURCE_DIR}/toolchain/package/debian/conffiles)
if(CHIMERA_KUBEWARDEN_NAMES)
    set(CPACK_DEBIAN_COMMAND_PACKAGE_CONFLICTS kwctl)
    set(CPACK_DEBIAN_SERVER_PACKAGE_CONFLICTS policy-server)
endif()
include(CPack)
