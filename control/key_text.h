/* SPDX-License-Identifier: ISC */
/*
 * key_text: a WireGuard key from its text, base64 of 32 bytes (RFC 4648
 * section 4), in a time that does not tell the key.
 */
#ifndef CONTROL_KEY_TEXT_H
#define CONTROL_KEY_TEXT_H

#include <stdint.h>

#define KEY_TEXT_LEN 44 /* 43 digits and "=" */

/* 0, or -EINVAL with ret zeroed: not exactly such a text. */
int key_text_parse(const char *text, uint8_t ret[32]);

#endif /* CONTROL_KEY_TEXT_H */
