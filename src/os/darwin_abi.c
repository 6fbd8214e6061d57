/* SPDX-License-Identifier: ISC */
/*
 * Holds darwin.h, and the layouts that rtmsg.c writes by hand, against the
 * headers of the macOS that is compiled for. No code.
 */
#include "src/os/darwin.h"

#include <assert.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/kern_control.h>
#include <sys/socket.h>
#include <sys/sockio.h>
#include <sys/types.h>

#define SAME(a, b) static_assert((a) == (b), #a " is not " #b)

SAME(DARWIN_AF_INET, AF_INET);
SAME(DARWIN_AF_LINK, AF_LINK);
SAME(DARWIN_AF_INET6, AF_INET6);
SAME(DARWIN_SOCKADDR_IN, sizeof(struct sockaddr_in));
SAME(DARWIN_SOCKADDR_DL, sizeof(struct sockaddr_dl));
SAME(DARWIN_SOCKADDR_IN6, sizeof(struct sockaddr_in6));
SAME(offsetof(struct sockaddr_in, sin_addr), 4);
SAME(offsetof(struct sockaddr_in6, sin6_addr), 8);
SAME(offsetof(struct sockaddr_dl, sdl_index), 2);
SAME(offsetof(struct sockaddr_dl, sdl_nlen), 5);
SAME(offsetof(struct sockaddr_dl, sdl_alen), 6);
SAME(offsetof(struct sockaddr_dl, sdl_data), 8);

SAME(DARWIN_RTM_VERSION, RTM_VERSION);
SAME(DARWIN_RTM_HEADER, sizeof(struct rt_msghdr));
SAME(offsetof(struct rt_msghdr, rtm_msglen), 0);
SAME(offsetof(struct rt_msghdr, rtm_version), 2);
SAME(offsetof(struct rt_msghdr, rtm_type), 3);
SAME(offsetof(struct rt_msghdr, rtm_index), 4);
SAME(offsetof(struct rt_msghdr, rtm_flags), 8);
SAME(offsetof(struct rt_msghdr, rtm_addrs), 12);
SAME(offsetof(struct rt_msghdr, rtm_pid), 16);
SAME(offsetof(struct rt_msghdr, rtm_seq), 20);
SAME(offsetof(struct rt_msghdr, rtm_errno), 24);
SAME(DARWIN_RTM_ADD, RTM_ADD);
SAME(DARWIN_RTM_DELETE, RTM_DELETE);
SAME(DARWIN_RTM_CHANGE, RTM_CHANGE);
SAME(DARWIN_RTM_GET, RTM_GET);
SAME(DARWIN_RTM_REDIRECT, RTM_REDIRECT);
SAME(DARWIN_RTM_NEWADDR, RTM_NEWADDR);
SAME(DARWIN_RTM_DELADDR, RTM_DELADDR);
SAME(DARWIN_RTM_IFINFO, RTM_IFINFO);
SAME(DARWIN_RTM_IFINFO2, RTM_IFINFO2);
SAME(DARWIN_RTA_DST, RTA_DST);
SAME(DARWIN_RTA_GATEWAY, RTA_GATEWAY);
SAME(DARWIN_RTA_NETMASK, RTA_NETMASK);
SAME(DARWIN_RTA_GENMASK, RTA_GENMASK);
SAME(DARWIN_RTA_IFP, RTA_IFP);
SAME(DARWIN_RTA_IFA, RTA_IFA);
SAME(DARWIN_RTF_UP, RTF_UP);
SAME(DARWIN_RTF_GATEWAY, RTF_GATEWAY);
SAME(DARWIN_RTF_HOST, RTF_HOST);
SAME(DARWIN_RTF_REJECT, RTF_REJECT);
SAME(DARWIN_RTF_LLINFO, RTF_LLINFO);
SAME(DARWIN_RTF_STATIC, RTF_STATIC);
SAME(DARWIN_RTF_PROTO2, RTF_PROTO2);
SAME(DARWIN_RTF_PROTO1, RTF_PROTO1);
SAME(DARWIN_RTF_WASCLONED, RTF_WASCLONED);
SAME(DARWIN_RTF_IFSCOPE, RTF_IFSCOPE);

SAME(sizeof(struct sockaddr_ctl), 32);
SAME(sizeof(struct ctl_info), 100);
SAME(sizeof(struct ifaliasreq), 64);
SAME(CTLIOCGINFO, 0xc0644e03ul);
SAME(SIOCAIFADDR, 0x8040691aul);
SAME(SIOCSIFMTU, 0x80206934ul);
#ifdef SYSPROTO_CONTROL
SAME(DARWIN_SYSPROTO_CONTROL, SYSPROTO_CONTROL);
#endif
#ifdef AF_SYS_CONTROL
SAME(DARWIN_AF_SYS_CONTROL, AF_SYS_CONTROL);
#endif
