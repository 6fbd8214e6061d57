# SPDX-License-Identifier: ISC
# The libraries tungate uses, found once, each as an imported target lib::NAME.

function(tungate_library name header)
  find_library(TUNGATE_LIB_${name} NAMES ${name})
  find_path(TUNGATE_INC_${name} NAMES ${header} PATH_SUFFIXES ${ARGN})
  if(NOT TUNGATE_LIB_${name} OR NOT TUNGATE_INC_${name})
    message(FATAL_ERROR "tungate: lib${name} (${header}) is missing; "
      "on Debian run: sudo tools/setup")
  endif()
  add_library(lib::${name} INTERFACE IMPORTED GLOBAL)
  target_link_libraries(lib::${name} INTERFACE ${TUNGATE_LIB_${name}})
  target_include_directories(lib::${name} SYSTEM INTERFACE ${TUNGATE_INC_${name}})
endfunction()

tungate_library(event_core event2/event.h)      # event loop, listener, signals
tungate_library(event_openssl event2/bufferevent_ssl.h)  # TLS streams on it
tungate_library(jansson jansson.h)              # JSON on the control socket
tungate_library(inih ini.h)                     # configuration and server files
tungate_library(pcap pcap/pcap.h)               # capture files, filters, oracle
tungate_library(crypto openssl/evp.h)           # WireGuard's cryptography
tungate_library(ssl openssl/ssl.h)              # TLS
if(TUNGATE_OS STREQUAL "linux")
  tungate_library(nl-3 netlink/netlink.h libnl3)  # routes, rules, neighbours
  tungate_library(nftnl libnftnl/rule.h)          # the return path's mark, the firewall
  tungate_library(mnl libmnl/libmnl.h)            # attributes libnftnl does not know
  tungate_library(cap-ng cap-ng.h)                # isolation: capabilities
  tungate_library(seccomp seccomp.h)              # isolation: system calls
endif()
if(NOT CMAKE_CROSSCOMPILING)
  tungate_library(cmocka cmocka.h)              # unit tests
endif()
find_package(Threads REQUIRED)
