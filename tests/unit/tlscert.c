/* SPDX-License-Identifier: ISC */
#include "tests/unit/tlscert.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
must(int ok)
{
	if (ok != 1)
		abort();
}

static EVP_PKEY *
new_key(const char *algorithm)
{
	if (strcmp(algorithm, "EC") == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	if (strcmp(algorithm, "RSA") == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	return EVP_PKEY_Q_keygen(NULL, NULL, algorithm);
}

static X509 *
new_certificate(EVP_PKEY *key, const char *name, const EVP_MD *hash)
{
	X509 *cert = X509_new();
	X509_EXTENSION *names;
	char text[300];

	must(cert != NULL);
	(void)snprintf(text, sizeof(text), "DNS:%s", name);
	names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);
	must(names != NULL && X509_set_version(cert, X509_VERSION_3));
	must(ASN1_INTEGER_set(X509_get_serialNumber(cert), 1));
	must(X509_gmtime_adj(X509_getm_notBefore(cert), -3600) != NULL);
	must(X509_gmtime_adj(X509_getm_notAfter(cert), 3600) != NULL);
	must(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN",
	    MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0));
	must(X509_set_issuer_name(cert, X509_get_subject_name(cert)));
	must(X509_set_pubkey(cert, key));
	must(X509_add_ext(cert, names, -1));
	must(X509_sign(cert, key, hash) > 0);
	X509_EXTENSION_free(names);
	return cert;
}

void
tlscert_write(const char *path, const char *name, const char *algorithm,
    uint8_t ret_pin[32])
{
	EVP_PKEY *key = new_key(algorithm);
	FILE *f = fopen(path, "w");
	unsigned char *public = NULL;
	X509 *cert;
	int len;

	must(key != NULL && f != NULL);
	cert = new_certificate(key, name,
	    strcmp(algorithm, "ED25519") == 0 ? NULL : EVP_sha256());
	must(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL));
	must(PEM_write_X509(f, cert));
	must(fclose(f) == 0);
	len = i2d_PUBKEY(key, &public);
	must(len > 0);
	must(
	    EVP_Digest(public, (size_t)len, ret_pin, NULL, EVP_sha256(), NULL));
	OPENSSL_free(public);
	X509_free(cert);
	EVP_PKEY_free(key);
}
