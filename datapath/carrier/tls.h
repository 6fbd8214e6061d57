/* SPDX-License-Identifier: ISC */
/*
 * tls: the client's side of TLS, as carriers need it: 1.2 and 1.3, the server
 * verified as configured, or not at all.
 *
 * OpenSSL is used as it is built: openssl.cnf is not read. All files that there
 * are to read (the system's roots) are read by carrier_tls_new(), so that what
 * comes after needs none.
 */
#ifndef DATAPATH_CARRIER_TLS_H
#define DATAPATH_CARRIER_TLS_H

#include <openssl/types.h>
#include <stdbool.h>
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

struct carrier_tls;

/*
 * Before the process is isolated. NULL: no memory, or an OpenSSL that lacks
 * what is needed. A system without roots is no error here.
 */
struct carrier_tls *carrier_tls_new(void);

/* After all connections. carrier_tls_free(NULL) does nothing. */
void carrier_tls_free(struct carrier_tls *t);

/*
 * One connection, to be freed with SSL_free(). 0; -EINVAL: the conf cannot be
 * used; -ENOENT: this system has no roots; -ENOMEM.
 */
int carrier_tls_connection(struct carrier_tls *t,
    const struct carrier_tls_conf *conf, SSL **ret);

/* After the handshake: is the key the one configured, if one is? */
bool carrier_tls_is_pinned(const struct carrier_tls *t, const SSL *ssl,
    const struct carrier_tls_conf *conf);

/*
 * Why it failed, for the log; error: of OpenSSL, 0 for none. NULL: TLS does
 * not know. The text is a constant.
 */
const char *carrier_tls_why(const SSL *ssl, unsigned long error);

#endif /* DATAPATH_CARRIER_TLS_H */
