/* SPDX-License-Identifier: ISC */
/*
 * What prove.py proves: judge() never says WRONG, whatever the packet, the
 * policy and the streams hold, and reads and writes only where it may. It is
 * never run.
 */
#include "datapath/policy.c"

#include "datapath/classify.h"
#include "datapath/parse.h"
#include "datapath/stream.h"

enum judgement { WRONG, RIGHT_DROPPED, RIGHT_PASSED };

enum judgement judge(const uint8_t *data, size_t len, size_t segment,
    struct policy *pol, struct streams *streams, bool slowly);

/*
 * The contract, by an own reading of the header: whatever has options,
 * extensions or fragments does not pass, so all that is asked for stands at
 * fixed places.
 */
static bool
is_of(const uint8_t *d, size_t len, const struct policy *pol,
    const struct endpoint *e)
{
	const struct addr *source;
	unsigned ip, total, protocol;

	if (len < 20)
		return false;
	if (d[0] == 0x45) {
		source = &pol->source4;
		ip = 20;
		total = d[2] * 256u + d[3];
		protocol = d[9];
		if ((d[6] & 0x3f) != 0 || d[7] != 0)
			return false;
	} else if (d[0] >> 4 == 6) {
		source = &pol->source6;
		ip = 40;
		if (len < 40)
			return false;
		total = 40 + d[4] * 256u + d[5];
		protocol = d[6];
	} else {
		return false;
	}
	if (total != len || protocol != e->protocol)
		return false;
	if (e->addr.family != d[0] >> 4 || source->family != d[0] >> 4)
		return false;
	for (unsigned i = 0; i < (ip == 20 ? 4u : 16u); i++)
		if (d[(ip == 20 ? 16u : 24u) + i] != e->addr.bytes[i] ||
		    d[(ip == 20 ? 12u : 8u) + i] != source->bytes[i])
			return false;
	if (protocol == PROTO_ESP)
		return true;
	return len >= ip + 8 && d[ip + 2] * 256u + d[ip + 3] == e->port;
}

enum judgement
judge(const uint8_t *data, size_t len, size_t segment, struct policy *pol,
    struct streams *streams, bool slowly)
{
	unsigned endpoint = POLICY_ENDPOINTS_MAX;
	enum drop why;

	/* As policy_finish() does, but for find[]: see README.md. */
	for (unsigned i = 0; i < pol->n_endpoints; i++)
		make_bulk(pol, &pol->endpoints[i], &pol->bulk[i]);

	if (slowly)
		why = classify_slowly(data, len, segment, pol, streams,
		    &endpoint);
	else
		why = classify(data, len, segment, pol, streams, &endpoint);
	if (why != PASSED)
		return why < DROP_REASONS ? RIGHT_DROPPED : WRONG;
	for (unsigned i = 0; i < pol->n_endpoints; i++)
		if (i == endpoint)
			return is_of(data, len, pol, &pol->endpoints[i])
			    ? RIGHT_PASSED
			    : WRONG;
	return WRONG;
}
