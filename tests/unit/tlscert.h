/* SPDX-License-Identifier: ISC */
/*
 * tlscert: a TLS server's key and certificate, made for a test.
 */
#ifndef TESTS_UNIT_TLSCERT_H
#define TESTS_UNIT_TLSCERT_H

#include <stdint.h>

/*
 * A certificate for this name, which vouches for itself, and its key, as PEM
 * in one file; algorithm: "EC", "RSA" or "ED25519". SHA-256 of the public key,
 * as in RFC 7469. Ends the program if it cannot.
 */
void tlscert_write(const char *path, const char *name, const char *algorithm,
    uint8_t ret_pin[32]);

#endif /* TESTS_UNIT_TLSCERT_H */
