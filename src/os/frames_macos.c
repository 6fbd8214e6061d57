/* SPDX-License-Identifier: ISC */
#include "src/os/frames_macos.h"

#include <errno.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "src/os/arpnd.h"
#include "src/os/darwin.h"
#include "src/os/pktbuf.h"

/* Ethernet's, with room to grow; as in uplink.h. */
#define LINK_MAX 32
#define ETHER	 14

/*
 * Small: what is heard is a few answers, and all of a buffer comes with one
 * wake-up. A flood may be dropped.
 */
#define BUFFER_BYTES 4096

struct frames {
	pcap_t *pcap;
	int datalink;
	uint8_t out[LINK_MAX + PKTBUF_MAX]; /* libpcap sends one piece */
};

static int
error_of(int status)
{
	switch (status) {
	case PCAP_ERROR_NO_SUCH_DEVICE:
	case PCAP_ERROR_IFACE_NOT_UP:
		return -ENXIO;
	case PCAP_ERROR_PERM_DENIED:
		return -EPERM;
	default:
		return -EIO;
	}
}

static int
set_filter(pcap_t *p, const char *filter)
{
	struct bpf_insn nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct bpf_program none = { .bf_len = 1, .bf_insns = &nothing }, prog;
	int r;

	if (filter == NULL)
		return pcap_setfilter(p, &none) < 0 ? -EIO : 0;
	if (pcap_compile(p, &prog, filter, 1, PCAP_NETMASK_UNKNOWN) < 0)
		return -EINVAL;
	r = pcap_setfilter(p, &prog) < 0 ? -EIO : 0;
	pcap_freecode(&prog);
	return r;
}

static int
activate(pcap_t *p, const char *filter)
{
	char why[PCAP_ERRBUF_SIZE];
	int r;

	/* These fail only on a handle that is active already. */
	(void)pcap_set_snaplen(p, FRAMES_SNAP);
	(void)pcap_set_buffer_size(p, BUFFER_BYTES);
	/* Without it BPF wakes the reader only when its buffer is full. */
	(void)pcap_set_immediate_mode(p, 1);
	if ((r = pcap_activate(p)) < 0)
		return error_of(r);
	/* Warnings are positive: promiscuous mode and the like, not wanted. */
	if (pcap_setdirection(p, PCAP_D_IN) < 0 ||
	    pcap_setnonblock(p, 1, why) < 0)
		return -EIO;
	return set_filter(p, filter);
}

int
frames_open(unsigned ifindex, const char *filter, struct frames **ret)
{
	char name[IF_NAMESIZE], why[PCAP_ERRBUF_SIZE];
	struct frames *f;
	int r;

	if (if_indextoname(ifindex, name) == NULL)
		return -ENXIO;
	if ((f = calloc(1, sizeof(*f))) == NULL)
		return -ENOMEM;
	if ((f->pcap = pcap_create(name, why)) == NULL) {
		r = -ENOMEM;
		goto free_frames;
	}
	if ((r = activate(f->pcap, filter)) < 0)
		goto close_pcap;
	f->datalink = pcap_datalink(f->pcap);
	if (f->datalink != DLT_EN10MB && f->datalink != DLT_NULL &&
	    f->datalink != DLT_RAW) {
		r = -EOPNOTSUPP;
		goto close_pcap;
	}
	*ret = f;
	return 0;

close_pcap:
	pcap_close(f->pcap);
free_frames:
	free(f);
	return r;
}

void
frames_close(struct frames *f)
{
	if (f == NULL)
		return;
	pcap_close(f->pcap);
	free(f);
}

int
frames_fd(const struct frames *f)
{
	return pcap_get_selectable_fd(f->pcap);
}

static size_t
header_len(const struct frames *f)
{
	switch (f->datalink) {
	case DLT_EN10MB:
		return ETHER;
	case DLT_NULL:
		return sizeof(uint32_t);
	default:
		return 0;
	}
}

static uint16_t
ethertype_of(const struct frames *f, const uint8_t *data, size_t header)
{
	if (f->datalink == DLT_EN10MB)
		return (uint16_t)(data[12] << 8 | data[13]);
	return data[header] >> 4 == 4 ? ARPND_ETHERTYPE_IPV4
				      : ARPND_ETHERTYPE_IPV6;
}

int
frames_next(struct frames *f, struct frame *ret)
{
	size_t header = header_len(f);
	struct pcap_pkthdr *h;
	const uint8_t *data;
	int r;

	for (;;) {
		if ((r = pcap_next_ex(f->pcap, &h, &data)) == 0)
			return -EAGAIN;
		if (r < 0)
			return -EIO;
		if (h->caplen <= header || h->len < h->caplen)
			continue;
		ret->ethertype = ethertype_of(f, data, header);
		ret->data = data + header;
		ret->cap = h->caplen - header;
		ret->len = h->len - header;
		return 0;
	}
}

/*
 * The link header as this link's frames bear it. DLT_NULL: the address family,
 * four bytes in the host's order.
 */
static int
put_header(struct frames *f, const uint8_t *link, size_t link_len,
    uint8_t version, size_t *ret_len)
{
	uint32_t family = version == 4 ? DARWIN_AF_INET : DARWIN_AF_INET6;

	*ret_len = header_len(f);
	switch (f->datalink) {
	case DLT_EN10MB:
		if (link_len != ETHER)
			return -EINVAL;
		memcpy(f->out, link, link_len);
		return 0;
	case DLT_NULL:
		memcpy(f->out, &family, sizeof(family));
		return link_len == 0 ? 0 : -EINVAL;
	default:
		return link_len == 0 ? 0 : -EINVAL;
	}
}

int
frames_send(struct frames *f, const uint8_t *link, size_t link_len,
    const uint8_t *data, size_t len)
{
	size_t header;
	int r;

	if (len == 0)
		return -EINVAL;
	if (len > PKTBUF_MAX)
		return -EMSGSIZE;
	if ((r = put_header(f, link, link_len, data[0] >> 4, &header)) < 0)
		return r;
	memcpy(f->out + header, data, len);
	/* libpcap tells no errno of its own; write(2)'s is left as it was. */
	errno = 0;
	if (pcap_inject(f->pcap, f->out, header + len) == (int)(header + len))
		return 0;
	/* EQFULL: what macOS calls a full interface queue. */
	if (errno == EQFULL)
		return -ENOBUFS;
	return errno != 0 ? -errno : -EIO;
}
