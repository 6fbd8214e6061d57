/* SPDX-License-Identifier: ISC */
#include "tools/ctl_packet.h"

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "src/base/addr.h"

static int
digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

size_t
ctl_packet_hex(const char *text, uint8_t *out, size_t cap)
{
	size_t n = 0;

	while (*text != '\0') {
		int high, low;

		/* As people copy it from a hex dump. */
		if (*text == ' ' || *text == ':') {
			text++;
			continue;
		}
		if ((high = digit(text[0])) < 0 || (low = digit(text[1])) < 0 ||
		    n == cap)
			return 0;
		out[n++] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	return n;
}

static void
put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The IP header before the len bytes at out + its own length; that length. */
static size_t
put_ip(uint8_t *out, const struct addr *src, const struct addr *dst,
    uint8_t protocol, size_t len)
{
	if (src->family == ADDR_V4) {
		memset(out, 0, 20);
		out[0] = 0x45;
		put16(out + 2, 20 + len);
		out[8] = 64;
		out[9] = protocol;
		memcpy(out + 12, src->bytes, 4);
		memcpy(out + 16, dst->bytes, 4);
		return 20;
	}
	memset(out, 0, 40);
	out[0] = 0x60;
	put16(out + 4, len);
	out[6] = protocol;
	out[7] = 64;
	memcpy(out + 8, src->bytes, 16);
	memcpy(out + 24, dst->bytes, 16);
	return 40;
}

size_t
ctl_packet_build(const char *protocol, const char *source,
    const char *destination, const char *payload, uint8_t out[CTL_PACKET_MAX],
    const char **why)
{
	bool udp = strcmp(protocol, "udp") == 0;
	bool tcp = strcmp(protocol, "tcp") == 0;
	bool icmp = strcmp(protocol, "icmp") == 0;
	uint16_t sport, dport;
	struct addr src, dst;
	size_t ip, header, n = 0;
	uint8_t *l4;

	*why = "the protocol must be udp, tcp or icmp";
	if (!udp && !tcp && !icmp)
		return 0;
	*why = "source and destination must be ADDRESS:PORT (IPv6: "
	       "[ADDRESS]:PORT) of one family; for icmp without the port";
	if (addr_parse_port(source, &src, &sport) < 0 ||
	    addr_parse_port(destination, &dst, &dport) < 0 ||
	    src.family != dst.family || icmp != (dport == 0) ||
	    icmp != (sport == 0))
		return 0;
	ip = src.family == ADDR_V4 ? 20 : 40;
	header = tcp ? 20 : 8;
	*why = "the payload must be hex, and fit a packet";
	if (payload != NULL &&
	    (n = ctl_packet_hex(payload, out + ip + header,
		 CTL_PACKET_MAX - ip - header)) == 0)
		return 0;

	l4 = out + ip;
	memset(l4, 0, header);
	put16(l4, sport);
	put16(l4 + 2, dport);
	if (udp) {
		put16(l4 + 4, 8 + n);
	} else if (tcp) {
		l4[12] = 5 << 4;
		l4[13] = 0x02; /* SYN */
	} else {
		l4[0] = src.family == ADDR_V4 ? 8 : 128; /* echo request */
	}
	(void)put_ip(out, &src, &dst,
	    udp				? 17
		: tcp			? 6
		: src.family == ADDR_V4 ? 1
					: 58,
	    header + n);
	return ip + header + n;
}

/* Where IP begins, for the links a capture is likely to come from. */
static size_t
skip_link(int link, const uint8_t *data, size_t len)
{
	switch (link) {
	case DLT_RAW:
		return 0;
	case DLT_NULL:
	case DLT_LOOP:
		return 4;
	case DLT_LINUX_SLL:
		return 16;
	case DLT_LINUX_SLL2:
		return 20;
	case DLT_EN10MB:
		/* A VLAN tag is four bytes more (IEEE 802.1Q). */
		return len >= 14 && data[12] == 0x81 && data[13] == 0 ? 18 : 14;
	default:
		return len;
	}
}

/* Short Ethernet frames are padded: the packet ends where it says. */
static size_t
cut_padding(const uint8_t *ip, size_t len)
{
	size_t total = len;

	if (len >= 20 && ip[0] >> 4 == 4)
		total = (size_t)(ip[2] << 8 | ip[3]);
	else if (len >= 40 && ip[0] >> 4 == 6)
		total = 40 + (size_t)(ip[4] << 8 | ip[5]);
	return total >= 20 && total < len ? total : len;
}

long
ctl_packet_capture(const char *file, ctl_packet_callback *on_packet, void *arg,
    char why[256])
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(file, error);
	struct pcap_pkthdr *h;
	const u_char *data;
	long n = 0;
	int r;

	if (p == NULL) {
		(void)snprintf(why, 256, "%.250s", error);
		return -1;
	}
	why[0] = '\0';
	while ((r = pcap_next_ex(p, &h, &data)) == 1) {
		size_t skip = skip_link(pcap_datalink(p), data, h->caplen);
		size_t len;

		if (skip >= h->caplen)
			continue; /* no link we know, or no packet in it */
		len = cut_padding(data + skip, h->caplen - skip);
		if (len > CTL_PACKET_MAX)
			continue; /* more than IP can carry: not IP */
		n++;
		if (on_packet(data + skip, len, arg) < 0) {
			n = -1;
			break;
		}
	}
	if (r == PCAP_ERROR) {
		(void)snprintf(why, 256, "%.250s", pcap_geterr(p));
		n = -1;
	}
	pcap_close(p);
	return n;
}
