/* SPDX-License-Identifier: ISC */
#include "datapath/drop.h"

#include <assert.h>
#include <stddef.h>

struct words {
	const char *name, *meaning, *remedy;
};

static const struct words words[] = {
	[DROP_BLOCKED] = { "blocked",
	    "no server is chosen, so nothing may leave",
	    "tungatectl connect SERVER" },
	[DROP_NOT_ENCAPSULATED] = { "not-encapsulated",
	    "it is not addressed to the VPN server",
	    "send it through the tunnel (is the client's interface up, and is "
	    "the packet's source the tunnel's address?)" },
	[DROP_WRONG_PROTOCOL] = { "wrong-protocol",
	    "it goes to the VPN server, but by another IP protocol than the "
	    "tunnel's",
	    "nothing: only the tunnel itself may reach the server" },
	[DROP_WRONG_PORT] = { "wrong-port",
	    "it goes to the VPN server, but to another port than the tunnel's",
	    "an Endpoint line with that port in the server's file, if the "
	    "server answers there" },
	[DROP_WRONG_SHAPE] = { "wrong-shape",
	    "it goes to the tunnel's port, but does not look like the tunnel's "
	    "protocol",
	    "the right Protocol line in the server's file, if the client "
	    "speaks another protocol" },
	[DROP_WRONG_SOURCE] = { "wrong-source",
	    "its source is not the uplink's address, or, into the tunnel, not "
	    "the tunnel's",
	    "nothing: a program bound to another address must be restarted" },
	[DROP_NOT_OURS] = { "not-ours",
	    "it goes to the VPN server's port, where tungate's own tunnel "
	    "alone sends",
	    "nothing: another client for this server needs a server file of "
	    "its own, with Protocol and Interface" },
	[DROP_OPTIONS] = { "options",
	    "it carries IPv4 options or IPv6 extension headers",
	    "nothing: no VPN client needs them" },
	[DROP_FRAGMENT] = { "fragment",
	    "it is the first fragment of a datagram",
	    "a smaller MTU on the client's interface" },
	[DROP_LATER_FRAGMENT] = { "later-fragment",
	    "it is a later fragment, which shows no port to judge it by",
	    "a smaller MTU on the client's interface" },
	[DROP_NOT_IP] = { "not-ip", "it is neither IPv4 nor IPv6", "nothing" },
	[DROP_TRUNCATED] = { "truncated", "it is shorter than its headers say",
	    "nothing" },
	[DROP_BAD_HEADER] = { "bad-header", "its headers contradict themselves",
	    "nothing" },
	[DROP_NO_UPLINK] = { "no-uplink", "there is no network to send it to",
	    "an interface that is up, with an address and a default route" },
	[DROP_NO_NEIGHBOUR] = { "no-neighbour",
	    "the router's link address is not known (yet)",
	    "a router that answers; the client tries again" },
	[DROP_TOO_BIG] = { "too-big", "it is larger than the uplink takes",
	    "a smaller MTU on the client's interface" },
	[DROP_UPLINK_BUSY] = { "uplink-busy", "the uplink's queue is full",
	    "sending less at once" },
	[DROP_UPLINK_FAILED] = { "uplink-failed",
	    "the system refused to send it",
	    "a look at the interface: ip link, dmesg" },
	[DROP_NO_PEER] = { "no-peer",
	    "it went into the tunnel, but to a network that is no peer's",
	    "that network in the AllowedIPs of the server's file, and an "
	    "Address of its family" },
	[DROP_NO_SESSION] = { "no-session",
	    "it went into the tunnel before the server had answered",
	    "waiting until the gate is connected" },
	[DROP_OTHER_RESOLVER] = { "other-resolver",
	    "it is a DNS query to another resolver than the tunnel's",
	    "asking the resolver that the server's file names" },
	[DROP_WORKER_ENDED] = { "worker-ended",
	    "the worker process ended before it had counted it",
	    "a look at the log, for why it ended" },
	[PASSED] = { "passed", "it is encapsulated to the VPN server",
	    "nothing: it passes" },
};

static_assert(sizeof(words) / sizeof(words[0]) == DROP_REASONS,
    "a drop reason has no words");

static const struct words *
words_of(enum drop why)
{
	static const struct words unknown = { "unknown", "unknown", "nothing" };

	if ((unsigned)why >= DROP_REASONS)
		return &unknown;
	return &words[why];
}

const char *
drop_name(enum drop why)
{
	return words_of(why)->name;
}

const char *
drop_meaning(enum drop why)
{
	return words_of(why)->meaning;
}

const char *
drop_remedy(enum drop why)
{
	return words_of(why)->remedy;
}
