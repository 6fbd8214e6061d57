# SPDX-License-Identifier: ISC
# A Debian machine builds for macOS, with `zig cc` and no SDK.
#
#   cmake -S . -B build/macos/aarch64 -G Ninja \
#         -DCMAKE_TOOLCHAIN_FILE=tools/macos/toolchain/macos.cmake \
#         -DMACOS_ARCH=aarch64 -DMACOS_PREFIX=build/macos/stubs
#
# MACOS_ARCH is aarch64 or x86_64; MACOS_PREFIX (absolute) has the libraries'
# headers and what to link. tools/check-macos does all of it.
set(CMAKE_SYSTEM_NAME Darwin)
# Only CMake's own files look at it; 22 is macOS 13.
set(CMAKE_SYSTEM_VERSION 22.0.0)

if(NOT MACOS_ARCH OR NOT MACOS_PREFIX)
  message(FATAL_ERROR "set MACOS_ARCH (aarch64, x86_64) and MACOS_PREFIX")
endif()
# Test projects read this file again: hand the choice on to them.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MACOS_ARCH MACOS_PREFIX)
if(MACOS_ARCH STREQUAL "aarch64")
  set(CMAKE_SYSTEM_PROCESSOR arm64)
else()
  set(CMAKE_SYSTEM_PROCESSOR ${MACOS_ARCH})
endif()

set(tools ${CMAKE_CURRENT_LIST_DIR}/${MACOS_ARCH}-macos)
set(CMAKE_C_COMPILER ${tools}-cc)
set(CMAKE_AR ${tools}-ar CACHE FILEPATH "" FORCE)
set(CMAKE_RANLIB ${tools}-ranlib CACHE FILEPATH "" FORCE)
# Nothing is re-pathed after the link; keep CMake from asking for a tool.
set(CMAKE_INSTALL_NAME_TOOL /bin/true CACHE FILEPATH "" FORCE)

# The wrapper's target says it all: no -isysroot, -arch or version from CMake.
set(CMAKE_OSX_SYSROOT "" CACHE STRING "" FORCE)
set(CMAKE_OSX_DEPLOYMENT_TARGET "" CACHE STRING "" FORCE)
set(CMAKE_OSX_ARCHITECTURES "" CACHE STRING "" FORCE)

# At the link, since stripping later breaks the signature that the linker
# makes; and without the objects' paths two builds are identical.
set(CMAKE_EXE_LINKER_FLAGS_RELEASE_INIT "-s")

set(CMAKE_FIND_ROOT_PATH ${MACOS_PREFIX})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
