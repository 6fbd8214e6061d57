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

#include "datapath/carrier/tls_conf.h"

struct carrier_tls;

/*
 * Can a server be asked for by it? Letters, digits, hyphens and dots, the last
 * part no number.
 */
bool carrier_tls_is_name(const char *text);

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
