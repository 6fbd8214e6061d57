/* SPDX-License-Identifier: ISC */
/*
 * tls_conf: who the server of a TLS connection may be, and what it is asked
 * for. A value, which knows nothing of OpenSSL.
 */
#ifndef DATAPATH_CARRIER_TLS_CONF_H
#define DATAPATH_CARRIER_TLS_CONF_H

#include <stdint.h>

enum carrier_verify {
	CARRIER_VERIFY_ROOTS = 0, /* a system's root vouches for the name */
	CARRIER_VERIFY_PIN,	  /* the key is the one configured */
	/*
	 * Anybody may be the server, as Proton's clients have it: WireGuard
	 * alone says who it is. Whoever configures this says so in the log.
	 */
	CARRIER_VERIFY_NONE,
	CARRIER_VERIFIES
};

#define CARRIER_PIN_LEN 32
#define CARRIER_SNI_MAX 253 /* of a domain name */

struct carrier_tls_conf {
	enum carrier_verify verify;
	/*
	 * The name that the server is asked for. "": one made up for each
	 * connection, as Proton's clients do; not with CARRIER_VERIFY_ROOTS.
	 */
	char sni[CARRIER_SNI_MAX + 1];
	/* SHA-256 of the certificate's SubjectPublicKeyInfo (RFC 7469, 2.4). */
	uint8_t pin[CARRIER_PIN_LEN];
};

#endif /* DATAPATH_CARRIER_TLS_CONF_H */
