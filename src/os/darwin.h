/* SPDX-License-Identifier: ISC */
/*
 * darwin: numbers of macOS, usable on any system.
 *
 * What is built and read byte by byte (rtmsg, utun_frame) has these values on
 * the wire whatever host runs the tests; and some of them stand in headers
 * that a cross-compiler does not carry. darwin_abi.c holds them against the
 * real headers. Values: xnu, bsd/sys/socket.h, net/route.h, net/if_utun.h,
 * sys/sys_domain.h, sys/un.h.
 */
#ifndef OS_DARWIN_H
#define OS_DARWIN_H

enum {
	DARWIN_AF_INET = 2,
	DARWIN_AF_LINK = 18,
	DARWIN_AF_INET6 = 30,
};

/* Lengths of socket addresses, their sa_len. */
enum {
	DARWIN_SOCKADDR_IN = 16,
	DARWIN_SOCKADDR_DL = 20,
	DARWIN_SOCKADDR_IN6 = 28,
};

enum {
	DARWIN_RTM_VERSION = 5,
	DARWIN_RTM_HEADER = 92, /* bytes of struct rt_msghdr */
};

enum {
	DARWIN_RTM_ADD = 0x1,
	DARWIN_RTM_DELETE = 0x2,
	DARWIN_RTM_CHANGE = 0x3,
	DARWIN_RTM_GET = 0x4,
	DARWIN_RTM_REDIRECT = 0x6,
	DARWIN_RTM_NEWADDR = 0xc,
	DARWIN_RTM_DELADDR = 0xd,
	DARWIN_RTM_IFINFO = 0xe,
	DARWIN_RTM_IFINFO2 = 0x12,
};

/* Which addresses follow a message, in this order. */
enum {
	DARWIN_RTA_DST = 0x1,
	DARWIN_RTA_GATEWAY = 0x2,
	DARWIN_RTA_NETMASK = 0x4,
	DARWIN_RTA_GENMASK = 0x8,
	DARWIN_RTA_IFP = 0x10,
	DARWIN_RTA_IFA = 0x20,
};

enum {
	DARWIN_RTF_UP = 0x1,
	DARWIN_RTF_GATEWAY = 0x2,
	DARWIN_RTF_HOST = 0x4,
	DARWIN_RTF_REJECT = 0x8,
	DARWIN_RTF_LLINFO = 0x400,
	DARWIN_RTF_STATIC = 0x800,
	DARWIN_RTF_PROTO2 = 0x4000, /* free for a program's own use, */
	DARWIN_RTF_PROTO1 = 0x8000, /* as this one */
	DARWIN_RTF_WASCLONED = 0x20000,
	DARWIN_RTF_IFSCOPE = 0x1000000,
};

/* The utun control socket. */
#define DARWIN_UTUN_CONTROL "com.apple.net.utun_control"
enum {
	DARWIN_SYSPROTO_CONTROL = 2,
	DARWIN_AF_SYS_CONTROL = 2,
	DARWIN_UTUN_OPT_IFNAME = 2,
	DARWIN_UTUN_OPT_MAX_PENDING_PACKETS = 16,
};

#endif /* OS_DARWIN_H */
