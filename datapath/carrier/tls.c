/* SPDX-License-Identifier: ISC */
#include "datapath/carrier/tls.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct carrier_tls {
	OSSL_LIB_CTX *lib;
	EVP_MD *sha256;
	SSL_CTX *roots;	  /* believes what the system's roots vouch for */
	SSL_CTX *anybody; /* looks at no certificate but the first one's key */
	BIO *roots_text;  /* PEM, until it is first needed; or NULL */
	bool has_roots;
};

/* In the order of browsers, but for what has no forward secrecy or CBC. */
static const char ciphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const char suites[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
			     "TLS_CHACHA20_POLY1305_SHA256";

/* What browsers offer; no HTTP is spoken, whatever the server takes. */
static const unsigned char protocols[] = "\x02h2\x08http/1.1";

static SSL_CTX *
new_context(OSSL_LIB_CTX *lib)
{
	SSL_CTX *c = SSL_CTX_new_ex(lib, NULL, TLS_client_method());

	if (c == NULL)
		return NULL;
	/* SSL_CTX_set_alpn_protos() is the one that returns 0 if all is well.
	 */
	if (SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(c, ciphers) != 1 ||
	    SSL_CTX_set_ciphersuites(c, suites) != 1 ||
	    SSL_CTX_set1_groups_list(c, "X25519:P-256:P-384") != 1 ||
	    SSL_CTX_set_alpn_protos(c, protocols, sizeof(protocols) - 1) != 0) {
		SSL_CTX_free(c);
		return NULL;
	}
	(void)SSL_CTX_set_options(c,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	/* Each connection stands alone, as with Proton's clients. */
	(void)SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	return c;
}

/* The file as it is, in memory; NULL: it is not there, or is no such file. */
static BIO *
read_file(const char *path)
{
	enum { ROOTS_MAX = 4 << 20 }; /* some 220 KB in 2023 */
	BIO *file = BIO_new_file(path, "r"), *text = BIO_new(BIO_s_mem());
	char some[4096];
	int n = 0, all = 0;

	while (file != NULL && text != NULL && all <= ROOTS_MAX &&
	    (n = BIO_read(file, some, sizeof(some))) > 0) {
		if (BIO_write(text, some, n) != n)
			break;
		all += n;
	}
	BIO_free(file);
	if (text != NULL && (n > 0 || all == 0)) {
		BIO_free(text);
		text = NULL;
	}
	return text;
}

/*
 * From one file, not from a folder of them: OpenSSL would look into that while
 * it verifies, where there are no files any more.
 */
static BIO *
read_roots(void)
{
	const char *files[] = {
		getenv(X509_get_default_cert_file_env()),
		X509_get_default_cert_file(),
		"/etc/ssl/certs/ca-certificates.crt", /* Debian, Arch */
		"/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora */
		"/etc/ssl/cert.pem",		      /* macOS, Alpine */
	};
	BIO *text = NULL;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i] != NULL && (text = read_file(files[i])) != NULL)
			break;
	ERR_clear_error();
	return text;
}

/* Some 140 certificates: too long for who does not need them to wait for. */
static void
understand_roots(struct carrier_tls *t)
{
	X509_STORE *store = SSL_CTX_get_cert_store(t->roots);
	STACK_OF(X509_INFO) * all;

	if (t->roots_text == NULL)
		return;
	all = PEM_X509_INFO_read_bio_ex(t->roots_text, NULL, NULL, NULL, t->lib,
	    NULL);
	for (int i = 0; i < sk_X509_INFO_num(all); i++) {
		X509 *root = sk_X509_INFO_value(all, i)->x509;

		if (root != NULL && X509_STORE_add_cert(store, root) == 1)
			t->has_roots = true;
	}
	sk_X509_INFO_pop_free(all, X509_INFO_free);
	BIO_free(t->roots_text);
	t->roots_text = NULL;
	ERR_clear_error();
}

static int
believe(X509_STORE_CTX *store, void *arg)
{
	(void)store;
	(void)arg;
	return 1;
}

struct carrier_tls *
carrier_tls_new(void)
{
	struct carrier_tls *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	/* The default context would read openssl.cnf, and do as it says. */
	if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1 ||
	    (t->lib = OSSL_LIB_CTX_new()) == NULL ||
	    (t->sha256 = EVP_MD_fetch(t->lib, "SHA2-256", NULL)) == NULL ||
	    (t->roots = new_context(t->lib)) == NULL ||
	    (t->anybody = new_context(t->lib)) == NULL) {
		carrier_tls_free(t);
		return NULL;
	}
	SSL_CTX_set_verify(t->roots, SSL_VERIFY_PEER, NULL);
	t->roots_text = read_roots();
	SSL_CTX_set_verify(t->anybody, SSL_VERIFY_NONE, NULL);
	/* Without it the chain is verified all the same, for nothing. */
	SSL_CTX_set_cert_verify_callback(t->anybody, believe, NULL);
	return t;
}

void
carrier_tls_free(struct carrier_tls *t)
{
	if (t == NULL)
		return;
	BIO_free(t->roots_text);
	SSL_CTX_free(t->roots);
	SSL_CTX_free(t->anybody);
	EVP_MD_free(t->sha256);
	OSSL_LIB_CTX_free(t->lib);
	free(t);
}

/*
 * A name such as Proton's clients make up (randomServerName() in
 * conn/tcp_tls_utils.go of https://github.com/ProtonVPN/wireguard-go): 3 to 12
 * letters, and one of these.
 */
static bool
make_up_name(OSSL_LIB_CTX *lib, char *ret, size_t size)
{
	static const char *const tops[] = { "com", "net", "org", "it", "fr",
		"me", "ru", "cn", "es", "tr", "top", "xyz", "info" };
	uint32_t random[14];
	char name[13];
	size_t n;

	if (RAND_bytes_ex(lib, (unsigned char *)random, sizeof(random), 0) != 1)
		return false;
	n = 3 + random[0] % 10;
	for (size_t i = 0; i < n; i++)
		name[i] = (char)('a' + random[2 + i] % 26);
	(void)snprintf(ret, size, "%.*s.%s", (int)n, name,
	    tops[random[1] % (sizeof(tops) / sizeof(tops[0]))]);
	return true;
}

bool
carrier_tls_is_name(const char *s)
{
	const char *last = strrchr(s, '.');
	size_t n = strspn(s,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.");

	last = last != NULL ? last + 1 : s;
	return s[n] == '\0' && n <= CARRIER_SNI_MAX && s[0] != '.' &&
	    strstr(s, "..") == NULL && last[0] != '\0' &&
	    strspn(last, "0123456789") < strlen(last);
}

static bool
is_usable(const struct carrier_tls_conf *conf)
{
	if (memchr(conf->sni, '\0', sizeof(conf->sni)) == NULL)
		return false;
	if (conf->sni[0] == '\0')
		return conf->verify == CARRIER_VERIFY_PIN ||
		    conf->verify == CARRIER_VERIFY_NONE;
	return carrier_tls_is_name(conf->sni) &&
	    conf->verify < CARRIER_VERIFIES;
}

int
carrier_tls_connection(struct carrier_tls *t,
    const struct carrier_tls_conf *conf, SSL **ret)
{
	bool roots = conf->verify == CARRIER_VERIFY_ROOTS;
	char made_up[32];
	const char *name = conf->sni;
	SSL *ssl;

	if (!is_usable(conf))
		return -EINVAL;
	if (roots)
		understand_roots(t);
	if (roots && !t->has_roots)
		return -ENOENT;
	if (*name == '\0') {
		if (!make_up_name(t->lib, made_up, sizeof(made_up)))
			return -ENOMEM;
		name = made_up;
	}
	if ((ssl = SSL_new(roots ? t->roots : t->anybody)) == NULL)
		return -ENOMEM;
	if (SSL_set_tlsext_host_name(ssl, name) != 1 ||
	    (roots && SSL_set1_host(ssl, name) != 1)) {
		SSL_free(ssl);
		return -ENOMEM;
	}
	*ret = ssl;
	return 0;
}

bool
carrier_tls_is_pinned(const struct carrier_tls *t, const SSL *ssl,
    const struct carrier_tls_conf *conf)
{
	const X509 *cert;
	unsigned char *key = NULL;
	uint8_t pin[CARRIER_PIN_LEN];
	int len;
	bool is_it;

	if (conf->verify != CARRIER_VERIFY_PIN)
		return true;
	if ((cert = SSL_get0_peer_certificate(ssl)) == NULL ||
	    (len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &key)) <= 0)
		return false;
	is_it = EVP_Digest(key, (size_t)len, pin, NULL, t->sha256, NULL) == 1 &&
	    CRYPTO_memcmp(pin, conf->pin, sizeof(pin)) == 0;
	OPENSSL_free(key);
	return is_it;
}

const char *
carrier_tls_why(const SSL *ssl, unsigned long error)
{
	long verified = SSL_get_verify_result(ssl);

	if (verified != X509_V_OK)
		return X509_verify_cert_error_string(verified);
	return error != 0 ? ERR_reason_error_string(error) : NULL;
}
