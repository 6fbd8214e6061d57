/* SPDX-License-Identifier: ISC */
/*
 * key_text: a WireGuard key from its text and back, base64 of 32 bytes (RFC
 * 4648 section 4).
 */
#ifndef CONTROL_KEY_TEXT_H
#define CONTROL_KEY_TEXT_H

#include <stdint.h>

#define KEY_TEXT_LEN 44 /* 43 digits and "=" */

/* In a time that does not tell the key. 0, or -EINVAL with ret zeroed: not
 * exactly such a text. */
int key_text_parse(const char *text, uint8_t ret[32]);

/* The text of a public key, with its NUL. */
void key_text_print(const uint8_t key[32], char ret[KEY_TEXT_LEN + 1]);

#endif /* CONTROL_KEY_TEXT_H */
